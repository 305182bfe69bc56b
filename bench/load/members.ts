import { buildFrame, readFrame, TEXT } from '../wire/frame.ts'
import { type LoadConnection, openConnections } from './connection.ts'
import type { LoadOrder } from './workload.ts'

const OPENING_TIMEOUT = 10_000
const MASK_KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** Opens `count` connections that are ready to exchange messages in the protocol of the server. */
export async function openMembers(order: LoadOrder, count: number): Promise<LoadConnection[]> {
  const connections = await openConnections(order.target, count)
  if (order.dialect === 'socket.io') await Promise.all(connections.map(joinSocketIo))
  return connections
}

/** Performs the handshake of Socket.IO over Engine.IO: receives `0{…}`, sends `40`, receives `40{…}`. */
function joinSocketIo(connection: LoadConnection): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no Socket.IO opening within 10 s')), OPENING_TIMEOUT)
    let pending: Buffer = Buffer.alloc(0)
    connection.onBytes = (bytes, start, end) => {
      pending = Buffer.concat([pending, bytes.subarray(start, end)])
      for (let frame = readFrame(pending, 0); frame; frame = readFrame(pending, 0)) {
        pending = pending.subarray(frame.size)
        const packet = frame.payload.toString()
        if (packet.startsWith('0')) connection.write(buildFrame(TEXT, Buffer.from('40'), { maskKey: MASK_KEY }))
        if (!packet.startsWith('40')) continue
        clearTimeout(timer)
        connection.onBytes = undefined
        connection.unread(pending)
        return resolve()
      }
    }
  })
}
