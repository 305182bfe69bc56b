"""A peer that sends and reads long messages: stream-peer.py client URL DEFLATE, or stream-peer.py server DEFLATE.

Sends one binary message and one text, both in fragments, then reads one of each, and prints their digests as JSON. A server
prints its port first.
"""
import asyncio
import hashlib
import json
import sys

import websockets


async def binary(sha):
    for index in range(100):
        part = bytes([index]) * 70000
        sha.update(part)
        yield part


async def text(sha):
    for index in range(500):
        part = "Grüße € 😀 %d " % index * 50
        sha.update(part.encode())
        yield part


async def exchange(ws):
    sent = []
    for make in (binary, text):
        sha = hashlib.sha1()
        await ws.send(make(sha))
        sent.append(sha.hexdigest())
    received = []
    for kind in (bytes, str):
        message = await ws.recv()
        assert isinstance(message, kind)
        received.append(hashlib.sha1(message if kind is bytes else message.encode()).hexdigest())
    print(json.dumps({"sent": sent, "received": received}))


def options(deflate):
    return {"max_size": None, "compression": "deflate" if deflate == "true" else None}


async def main(role, *arguments):
    if role == "client":
        async with websockets.connect(arguments[0], **options(arguments[1])) as ws:
            await exchange(ws)
    else:
        async with websockets.serve(exchange, "127.0.0.1", 0, **options(arguments[0])) as server:
            print(server.sockets[0].getsockname()[1])
            await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
