import sys
import trio
from trio_websocket import ConnectionClosed, serve_websocket


async def echo(request):
    try:
        websocket = await request.accept()
        while True:
            await websocket.send_message(await websocket.get_message())
    except ConnectionClosed:
        pass


trio.run(serve_websocket, echo, "127.0.0.1", int(sys.argv[1]), None)
