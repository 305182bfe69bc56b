import { Duplex, type DuplexOptions } from 'node:stream'
import type { WebSocket } from './websocket.ts'

/** Wraps a socket in a stream. Each chunk is one message. */
export function createWebSocketStream(socket: WebSocket, options: DuplexOptions = {}): Duplex {
  /** Whether destroying the stream terminates the socket. False after an error of the socket itself. */
  let terminates = true
  const whenOpen = (action: () => void): boolean => {
    if (socket.readyState !== socket.CONNECTING) return false
    socket.once('open', action)
    return true
  }
  const stream = new Duplex({
    ...options,
    autoDestroy: false,
    emitClose: false,
    objectMode: false,
    writableObjectMode: false,
    read() {
      if (socket.isPaused) socket.resume()
    },
    write(chunk, encoding, callback) {
      if (whenOpen(() => stream._write(chunk, encoding, callback))) return
      socket.send(chunk, callback)
    },
    final(callback) {
      if (whenOpen(() => stream._final(callback))) return
      // An aborted handshake leaves no transport.
      const transport = socket._socket
      if (transport === null) return
      if (transport.writableFinished) {
        callback()
        if (stream.readableEnded) stream.destroy()
      } else {
        transport.once('finish', () => callback())
        socket.close()
      }
    },
    destroy(error, callback) {
      const finish = (): void => {
        callback(error)
        process.nextTick(() => stream.emit('close'))
      }
      if (socket.readyState === socket.CLOSED) return finish()
      let hasFailed = false
      socket.once('error', (failure) => {
        hasFailed = true
        callback(failure)
      })
      socket.once('close', () => {
        if (!hasFailed) callback(error)
        process.nextTick(() => stream.emit('close'))
      })
      if (terminates) socket.terminate()
    },
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const chunk = !isBinary && stream.readableObjectMode ? data.toString() : data
    if (!stream.push(chunk)) socket.pause()
  })
  socket.once('error', (error) => {
    if (stream.destroyed) return
    terminates = false
    stream.destroy(error)
  })
  socket.once('close', () => {
    if (!stream.destroyed) stream.push(null)
  })
  const destroyWhenOver = (): void => {
    if (!stream.destroyed && stream.readableEnded && stream.writableFinished) stream.destroy()
  }
  const onError = (error: Error): void => {
    stream.off('error', onError)
    stream.destroy()
    // As with any stream, an error without a listener is thrown.
    if (stream.listenerCount('error') === 0) stream.emit('error', error)
  }
  stream.on('end', destroyWhenOver)
  stream.on('error', onError)
  return stream
}
