import asyncio, sys
from tornado.websocket import websocket_connect


async def main():
    compression = {} if "deflate" in sys.argv else None
    socket = await websocket_connect(sys.argv[1], compression_options=compression)
    while (message := await socket.read_message()) is not None:
        await socket.write_message(message, binary=isinstance(message, bytes))


asyncio.run(main())
