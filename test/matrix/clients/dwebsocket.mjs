const { connect } = await import(`${process.env.ROOT}/dist/index.js`)
const say = (event) => console.log(JSON.stringify(event))
const connection = await connect(process.argv[2]).catch(() => say({ event: 'error' }))
if (connection) {
  say({ event: 'open' })
  connection.onMessage = (data) => connection.send(data)
  connection.onClose = ({ code, reason }) => say({ event: 'close', code, reason })
}
