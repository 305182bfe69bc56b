import asyncio, sys
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateResponse, PerMessageDeflateResponseAccept
from autobahn.websocket.util import parse_url


class Echo(WebSocketClientProtocol):
    def onMessage(self, payload, isBinary):
        self.sendMessage(payload, isBinary)

    def onClose(self, wasClean, code, reason):
        asyncio.get_event_loop().stop()


def accept(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)


factory = WebSocketClientFactory(sys.argv[1])
factory.protocol = Echo
if "deflate" in sys.argv:
    factory.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept)
secure, host, port, _, _, _ = parse_url(sys.argv[1])
loop = asyncio.get_event_loop()
loop.run_until_complete(loop.create_connection(factory, host, port, ssl=secure or None))
loop.run_forever()
