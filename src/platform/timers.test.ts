import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'
import { systemTimers } from './timers.ts'

const SHORT_MS = 20

/** A peer that writes while we sleep. @returns a connection to it, and a sleep that ends when it has written and `SHORT_MS` are long over */
async function sleepingBeside() {
  const flags = new Int32Array(new SharedArrayBuffer(8))
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => {})
      parentPort.postMessage('connected')
      Atomics.wait(workerData, 0, 0)
      socket.write('x', () => {
        Atomics.store(workerData, 1, 1)
        Atomics.notify(workerData, 1)
      })
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`
  const thread = new Worker(code, { eval: true, workerData: flags })
  onTestFinished(async () => void (await thread.terminate()))
  const [port] = (await once(thread, 'message')) as [number]
  const connected = once(thread, 'message')
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await connected
  const sleep = () => {
    Atomics.store(flags, 0, 1)
    Atomics.notify(flags, 0)
    Atomics.wait(flags, 1, 0)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * SHORT_MS)
  }
  return { socket, sleep }
}

it('a timer behind arrivals lets what came during our own sleep be read first, and is cancelled by it', async () => {
  const { socket, sleep } = await sleepingBeside()
  const order: string[] = []
  systemTimers.after(SHORT_MS, () => order.push('timer'))
  const cancel = systemTimers.after(SHORT_MS, () => order.push('timer behind arrivals'), { behindArrivals: true })
  const data = once(socket, 'data').then(() => {
    order.push('data')
    cancel()
  })
  sleep()
  await data
  await systemTimers.sleep(SHORT_MS)
  // The plain timer shows that the sleep was long enough.
  expect(order).toEqual(['timer', 'data'])
})

it('a timer behind arrivals fires when nothing came', async () => {
  const fired = new Promise<string>((resolve) => {
    systemTimers.after(1, () => resolve('fired'), { behindArrivals: true })
  })
  expect(await fired).toBe('fired')
})
