import sys
import trio
from trio_websocket import ConnectionClosed, serve_websocket
from wsproto.utilities import LocalProtocolError


async def echo(request):
    try:
        websocket = await request.accept()
        while True:
            await websocket.send_message(await websocket.get_message())
    # The second is raised when an echo is due while the peer closes. It would end the whole server.
    except (ConnectionClosed, LocalProtocolError):
        pass


trio.run(serve_websocket, echo, "127.0.0.1", int(sys.argv[1]), None)
