const { client: WebSocketClient } = require('websocket')
const say = (event) => console.log(JSON.stringify(event))
const client = new WebSocketClient()
client.on('connectFailed', () => say({ event: 'error' }))
client.on('connect', (connection) => {
  say({ event: 'open' })
  connection.on('message', ({ type, utf8Data, binaryData }) => {
    if (type === 'utf8') connection.sendUTF(utf8Data)
    else connection.sendBytes(binaryData)
  })
  connection.on('error', () => say({ event: 'error' }))
  connection.on('close', (code, reason) => say({ event: 'close', code, reason }))
})
client.connect(process.argv[2])
