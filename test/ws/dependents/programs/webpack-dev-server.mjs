import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import webpack from 'webpack'
import WebpackDevServer from 'webpack-dev-server'
import { WebSocket } from 'ws'
import { expect, listen } from './support.mjs'

const entry = join(process.cwd(), 'page.js')
writeFileSync(entry, 'console.log(1)')
const compiler = webpack({ mode: 'development', entry, infrastructureLogging: { level: 'none' }, stats: 'none' })
const server = new WebpackDevServer({ host: '127.0.0.1', port: 'auto', allowedHosts: 'all' }, compiler)
await server.start()
const { host } = await listen(server.server)
const client = new WebSocket(`ws://${host}/ws`, { origin: `http://${host}` })
const types = []
client.on('message', (data) => types.push(JSON.parse(String(data)).type))
await once(client, 'open')
const has = async (type) => {
  while (!types.includes(type)) await once(client, 'message')
}
await has('ok')
types.length = 0
writeFileSync(entry, 'console.log(2)')
await has('invalid')
await has('ok')
expect(types.includes('hash'), 'webpack-dev-server tells the page of a change')
client.close()
await server.stop()
