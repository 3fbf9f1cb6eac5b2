/**
 * Loaded into each gateway process before its program: whoever connects to the socket of this process gets its heap after a collection, and its
 * timers and sockets. Needs --expose-gc. The program knows nothing of it.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'

const folder = process.env.SPAREKEY_SOAK_PROBES
if (folder !== undefined) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    // What lives only until the next collection needs two of them, finalizers between.
    globalThis.gc()
    setImmediate(() => {
      globalThis.gc()
      const resources = process.getActiveResourcesInfo()
      const count = (name) => resources.filter((each) => each === name).length
      const { rss, heapUsed } = process.memoryUsage()
      socket.end(
        JSON.stringify({
          rss,
          heapUsed,
          timers: count('Timeout'),
          sockets: count('TCPSocketWrap'),
        }),
      )
    })
  })
  server.on('error', () => {})
  // A worker's listener would else be its parent's.
  server.listen({ path: join(folder, `${process.pid}.sock`), exclusive: true })
  server.unref()
}
