// Preloaded into a target (`--expose-gc --import`): records the maximum memory in use after a garbage collection, so
// that dead buffers, which V8 frees at any time, do not count. Replies to each message with that figure in bytes, and
// starts again.
let most = 0
setInterval(() => {
  // The second collection waits until the first one has freed the memory of dead array buffers.
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  most = Math.max(most, heapUsed + external)
}, 100).unref()
process.on('message', () => {
  process.send(most)
  most = 0
})
