/**
 * The script of the page. It opens all connections with the WebSocket of the browser, reports each event of the API to
 * the tester, executes the commands of the tester, and shows the result.
 */
export const script = `
const byId = (id) => document.getElementById(id)
const base = location.origin.replace(/^http/, 'ws')
const open = new Map()
const brand = navigator.userAgentData?.brands.at(-1)?.brand
byId('agent').value = new URLSearchParams(location.search).get('agent') ?? brand ?? 'browser'

byId('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const agent = byId('agent').value.trim() || 'browser'
  byId('agent').disabled = byId('start').disabled = true
  byId('results').hidden = byId('links').hidden = true
  byId('verdict').textContent = ''
  const commands = await listen(agent)
  for (let number = 1; number <= total; number++) {
    byId('progress').value = number
    byId('status').textContent = number + ' of ' + total + ': ' + titleOf(number)
    await runConnection(number, agent)
  }
  byId('status').textContent = 'The tester is writing its report.'
  await connect('/updateReports?agent=' + encodeURIComponent(agent), {})
  await show(agent)
  // The tester waits for this before it ends.
  commands.close()
  byId('agent').disabled = byId('start').disabled = false
})

function titleOf(number) {
  const found = cases.find(({ first, count }) => number >= first && number < first + count)
  return found ? found.id + ', ' + found.title : ''
}

function listen(agent) {
  const source = new EventSource('/commands?agent=' + encodeURIComponent(agent))
  source.onmessage = ({ data }) => {
    const { number, command } = JSON.parse(data)
    const socket = open.get(number)
    if (command === 'close' && socket?.readyState === WebSocket.CONNECTING) {
      socket.addEventListener('open', () => socket.close(1000))
    } else if (command === 'close') socket?.close(1000)
    if (command === 'open-again') runConnection(number, agent)
  }
  return new Promise((resolve) => { source.onopen = () => resolve(source) })
}

function runConnection(number, agent) {
  const query = 'case=' + number + '&agent=' + encodeURIComponent(agent)
  const tell = (event) => fetch('/event?' + query + '&json=' + encodeURIComponent(JSON.stringify(event)),
    { method: 'POST' }).catch(() => {})
  const reports = []
  const path = '/runCase?' + query
  return connect(path, {
    oncreate(socket) { open.set(number, socket) },
    onopen() { reports.push(tell({ event: 'open' })) },
    onmessage(socket, data) { socket.send(data) },
    onerror() { reports.push(tell({ event: 'error' })) },
    onclose({ code, reason }) { reports.push(tell({ event: 'close', code, reason })) },
  }).then(() => Promise.all(reports)).finally(() => open.delete(number))
}

function connect(path, { oncreate, onopen, onmessage, onerror, onclose }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(base + path)
    socket.binaryType = 'arraybuffer'
    oncreate?.(socket)
    socket.onopen = () => onopen?.()
    socket.onmessage = ({ data }) => onmessage?.(socket, data)
    socket.onerror = () => onerror?.()
    socket.onclose = (event) => { onclose?.(event); resolve() }
  })
}

async function show(agent) {
  const url = '/results.json?agent=' + encodeURIComponent(agent)
  const result = await (await fetch(url)).json()
  byId('json').href = url
  byId('links').hidden = false
  if (result === null) { byId('status').textContent = 'No connection reached the tester.'; return }
  const { pass, fail, warn, info, skip, verdict } = result.summary
  byId('verdict').textContent = { conforming: 'Conforming', nonconforming: 'Not conforming' }[verdict] ?? 'Incomplete'
  byId('status').textContent =
    fail + ' failed, ' + warn + ' warned, ' + info + ' noted, ' + skip + ' skipped, ' + pass + ' passed'
  const rank = { crash: 0, fail: 0, error: 0, flaky: 1, warn: 1, info: 2, skip: 3, pass: 4 }
  const rows = [...result.cases].sort((one, other) => rank[one.verdict] - rank[other.verdict]).map(rowOf)
  byId('results').tBodies[0].replaceChildren(...rows)
  byId('results').hidden = false
}

function rowOf({ id, title, verdict, note, assertions }) {
  const broken = assertions.find(({ ok }) => !ok)
  const row = document.createElement('tr')
  const name = document.createElement('code')
  name.textContent = id
  const cells = [verdict, '', broken ? broken.actual : note ?? ''].map((text) => {
    const cell = row.insertCell()
    cell.textContent = text
    return cell
  })
  cells[0].className = verdict
  cells[1].append(name, ' ' + title)
  return row
}
`
