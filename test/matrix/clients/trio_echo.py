import sys
import trio
from trio_websocket import ConnectionClosed, open_websocket_url


async def main():
    async with open_websocket_url(sys.argv[1]) as socket:
        try:
            while True:
                await socket.send_message(await socket.get_message())
        except ConnectionClosed:
            pass


trio.run(main)
