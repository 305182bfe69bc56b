import { connect } from 'node:net'
import { checkHandshakeResponse, handshakeRequest, sourceAddressFor } from '../load/connection.ts'
import { Histogram } from '../load/latency.ts'
import type { Job, LoadResult, PreparedLoad } from '../load/workload.ts'
import { buildFrame, CLOSE, readFrame } from '../wire/frame.ts'

/** Bounds the ports that a round leaves in TIME_WAIT. */
const MOST_HANDSHAKES = 6000
const TIMEOUT = 10_000
const TENTHS_PER_MS = 10_000
const CLOSE_1000 = buildFrame(CLOSE, Buffer.from([0x03, 0xe8]), { maskKey: Buffer.from([0x0a, 0x0b, 0x0c, 0x0d]) })
const readBuffer = Buffer.alloc(4096)

/** Connect, upgrade, close, disconnect, and again: `connections` of them at a time. */
export async function prepareHandshake(job: Job): Promise<PreparedLoad> {
  if (job.target.tls) throw new Error('the handshake scenario knows ws:// only')
  if (job.warmupMs > 0) await runHandshakes(job, job.warmupMs, MOST_HANDSHAKES / 4)
  return { run: () => runHandshakes(job, job.durationMs, MOST_HANDSHAKES), finish: async () => {} }
}

async function runHandshakes(job: Job, ms: number, most: number): Promise<LoadResult> {
  const begin = performance.now()
  const latencies = new Histogram()
  // One key for all: the generator must be cheaper than the server, and the answer to it is checked whole once.
  const { key, request } = handshakeRequest(job.target)
  const accept = { checked: '', key, request: Buffer.from(request) }
  let started = 0
  let done = 0
  const repeat = async (): Promise<void> => {
    while (started < most && performance.now() - begin < ms) {
      started++
      const openedAt = performance.now()
      await openAndClose(job, accept)
      latencies.record((performance.now() - openedAt) * TENTHS_PER_MS)
      done++
    }
  }
  await Promise.all(Array.from({ length: job.connections }, repeat))
  return { count: done, seconds: (performance.now() - begin) / 1000, latency: latencies.summary(0.1), notes: [] }
}

interface KnownHandshake {
  key: string
  request: Buffer
  /** The last answer that was checked; the next one that is equal needs no check. */
  checked: string
}

function openAndClose(job: Job, handshake: KnownHandshake): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = ''
    let isOpen = false
    const fail = (error: Error): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const callback = (length: number): boolean => {
      received += readBuffer.toString('latin1', 0, length)
      const headEnd = isOpen ? -1 : received.indexOf('\r\n\r\n')
      try {
        if (headEnd >= 0) {
          checkOnce(received.slice(0, headEnd), handshake)
          received = received.slice(headEnd + 4)
          isOpen = true
          socket.write(CLOSE_1000)
        } else if (isOpen && job.dialect === 'raw') socket.end()
      } catch (error) {
        fail(error as Error)
      }
      return true
    }
    const { host, port } = job.target
    const socket = connect({
      host,
      port,
      localAddress: sourceAddressFor(host),
      onread: { buffer: readBuffer, callback },
    })
    const timer = setTimeout(() => fail(new Error('a handshake and close took more than 10 s')), TIMEOUT)
    socket.setNoDelay(true)
    socket.on('connect', () => socket.write(handshake.request))
    socket.on('error', fail)
    socket.on('close', () => {
      clearTimeout(timer)
      const answer = readFrame(Buffer.from(received, 'latin1'), 0)
      if (answer?.opcode === CLOSE) resolve()
      else reject(new Error('the server did not answer the Close frame'))
    })
  })
}

function checkOnce(head: string, handshake: KnownHandshake): void {
  if (head === handshake.checked) return
  checkHandshakeResponse(head, handshake.key)
  handshake.checked = head
}
