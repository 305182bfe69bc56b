// Preloaded into a target (`--expose-gc --import`): reports the most memory that was still in use after a garbage
// collection, so that dead buffers, which V8 frees when it likes, do not count. Answers each message with that figure in
// bytes, and begins again.
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
