import asyncio, sys
from aiohttp import ClientSession, WSMsgType


async def main():
    async with ClientSession() as session:
        async with session.ws_connect(sys.argv[1], compress=15 if "deflate" in sys.argv else 0) as socket:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await socket.send_str(message.data)
                elif message.type == WSMsgType.BINARY:
                    await socket.send_bytes(message.data)


asyncio.run(main())
