/** Echoes on a WebSocket with the interface of browsers, and prints the events of that interface. */
exports.echo = (socket) => {
  const say = (event) => console.log(JSON.stringify(event))
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => say({ event: 'open' })
  socket.onmessage = ({ data }) => socket.send(data)
  socket.onerror = () => say({ event: 'error' })
  socket.onclose = ({ code, reason }) => say({ event: 'close', code, reason })
}
