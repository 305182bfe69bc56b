/** browser.mjs NAME URL: runs all cases on the page of a browser without a window. NAME is chromium or firefox. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [name, url] = process.argv.slice(2)
const base = new URL(url).origin
const folder = mkdtempSync(join(tmpdir(), 'matrix-browser-'))
const page = join(folder, 'page.html')
writeFileSync(
  page,
  `<!doctype html><title>echo</title><script>${run}\nrun(${JSON.stringify(base)}, ${JSON.stringify(name)})</script>`,
)
// Firefox waits up to a minute before it connects again after failures.
const preferences = {
  'network.proxy.type': 0,
  'browser.aboutwelcome.enabled': false,
  'network.websocket.delay-failed-reconnects': false,
}
const lines = Object.entries(preferences).map(([key, value]) => `user_pref('${key}', ${value})`)
writeFileSync(join(folder, 'prefs.js'), `${lines.join(';\n')};\n`)
const commands = {
  chromium: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${folder}`],
  firefox: ['--headless', '--no-remote', '--profile', folder],
}
const browser = spawn(name, [...commands[name], `file://${page}`], { stdio: 'ignore' })
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => browser.kill())
browser.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

/** Runs on the page: asks how many cases there are, and echoes in each. */
async function run(base, agent) {
  const talk = (path, onMessage) =>
    new Promise((resolve) => {
      const socket = new WebSocket(base + path)
      let text
      socket.binaryType = 'arraybuffer'
      socket.onmessage = ({ data }) => {
        text = data
        onMessage?.(socket, data)
      }
      socket.onclose = () => resolve(text)
    })
  const count = Number(await talk('/getCaseCount'))
  for (let number = 1; number <= count; number++)
    await talk(`/runCase?case=${number}&agent=${agent}`, (socket, data) => socket.send(data))
  await talk(`/updateReports?agent=${agent}`)
}
