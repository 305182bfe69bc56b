import asyncio, sys
import websockets


async def echo(websocket):
    try:
        async for message in websocket:
            await websocket.send(message)
    except websockets.ConnectionClosed:
        pass


async def main():
    options = {"compression": None} if "plain" in sys.argv else {}
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), **options):
        await asyncio.Future()


asyncio.run(main())
