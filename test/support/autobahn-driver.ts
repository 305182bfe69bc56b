import WebSocket from 'ws'

/**
 * A driver of npm `ws`, in the form of the drivers for Autobahn: `node autobahn-driver.ts ws://127.0.0.1:9001 [AGENT]`.
 */
const [base = 'ws://127.0.0.1:9001', agent = 'ws'] = process.argv.slice(2)
let count = 0

const socket = new WebSocket(`${base}/getCaseCount`)
socket.on('message', (data) => {
  count = Number(data.toString())
})
socket.on('close', () => runCase(1))

function runCase(number: number): void {
  if (number > count) {
    new WebSocket(`${base}/updateReports?agent=${agent}`)
    return
  }
  const ws = new WebSocket(`${base}/runCase?case=${number}&agent=${agent}`)
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }))
  ws.on('close', () => runCase(number + 1))
  ws.on('error', () => {})
}
