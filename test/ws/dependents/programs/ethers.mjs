import { WebSocketProvider } from 'ethers'
import { expect, serve } from './support.mjs'

const answers = { eth_chainId: '0x1', eth_blockNumber: '0x10', eth_subscribe: '0xabc' }
const { server, url } = await serve()
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const asked = [JSON.parse(String(data))].flat()
    const said = asked.map(({ id, method }) => ({ jsonrpc: '2.0', id, result: answers[method] ?? null }))
    for (const answer of said) socket.send(JSON.stringify(answer))
  })
})
const provider = new WebSocketProvider(url)
expect((await provider.getBlockNumber()) === 16, 'ethers reads the number of a block')
expect((await provider.getNetwork()).chainId === 1n, 'ethers reads the network')
await provider.destroy()
