import asyncio, sys
import websockets


async def main():
    async with websockets.connect(sys.argv[1]) as socket:
        async for message in socket:
            await socket.send(message)


asyncio.run(main())
