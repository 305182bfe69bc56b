import sys
import websocket

socket = websocket.create_connection(sys.argv[1])
while True:
    opcode, payload = socket.recv_data()
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        break
    socket.send(payload, opcode)
