import { accept_websocket, type MessageStream, type View, type WebSocket } from '../../../index.ts'
import { parseObject } from '../message.ts'
import { DiskSpace, UploadedFile } from '../uploaded-file.ts'

/** Maximum size in bytes of a command, and of all uploads of this process on the disk together. */
const MAX_COMMAND = 200
const MAX_STORED = 256 * 1024 * 1024

/** Milliseconds between two reports to a page that uploads. */
const REPORT_INTERVAL = 100

/**
 * Receives a file of any size as one binary message, in parts while it arrives. The command `{ from }` sends it back
 * from this offset on, in pieces, as fast as the page reads. Any other command pauses the download.
 */
export function transfer(page: View, disk = new DiskSpace(MAX_STORED)): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const { websocket: session } = request
    const file = new UploadedFile(disk)
    let stop = (): void => {}
    try {
      for (let message = await session.stream(); message !== null; message = await session.stream()) {
        stop()
        if (message.kind === 'binary') {
          await receive(session, file, message)
        } else {
          const { from } = parseObject(await message.whole(MAX_COMMAND))
          if (isOffset(from, file)) stop = sendFrom(session, file, from)
        }
      }
    } catch (error) {
      // It is not a failure that a page is closed during an upload.
      if (!session.is_closed()) throw error
    } finally {
      stop()
      await file.remove()
    }
  })
}

/** Receives a file. Reports the progress and the memory of the connection to the page. */
async function receive(session: WebSocket, file: UploadedFile, message: MessageStream): Promise<void> {
  let reportedAt = 0
  await file.receive(message as AsyncIterable<Buffer>, () => {
    const now = performance.now()
    if (now - reportedAt < REPORT_INTERVAL) return
    reportedAt = now
    session.send(JSON.stringify({ size: file.size, memory: session.connection.memoryUsed }))
  })
  const { size, digest, isStored } = file
  session.send(JSON.stringify({ size, digest, isStored }))
}

/** Sends the file from an offset on. Returns a function that stops it. */
function sendFrom(session: WebSocket, file: UploadedFile, from: number): () => void {
  let isStopped = false
  const send = async (): Promise<void> => {
    session.send(JSON.stringify({ from }))
    for await (const piece of file.read(from)) {
      if (isStopped || !(await session.send(piece)) || isStopped) return
    }
  }
  send().catch((error) => {
    if (!isStopped) session.connection.fail(1011, 'ERR_DEMO_FILE', String(error))
  })
  return () => {
    isStopped = true
  }
}

function isOffset(value: unknown, file: UploadedFile): value is number {
  return file.isStored && Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= file.size
}
