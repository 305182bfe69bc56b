import asyncio, sys
from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept


class Echo(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary):
        self.sendMessage(payload, isBinary)


def accept(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(offer)


factory = WebSocketServerFactory()
factory.protocol = Echo
if "deflate" in sys.argv:
    factory.setProtocolOptions(perMessageCompressionAccept=accept)
loop = asyncio.get_event_loop()
loop.run_until_complete(loop.create_server(factory, "127.0.0.1", int(sys.argv[1])))
loop.run_forever()
