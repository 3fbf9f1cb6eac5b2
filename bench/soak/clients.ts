import { Agent } from 'node:http'
import { drink } from './flood.ts'
import { ABORTED_FROM } from './plan.ts'
import { playCall } from './client.ts'
import { RecordSender } from './records.ts'

/** The clients of a soak, a process of their own that runs one job after the other. */
export type SoakJob =
  | {
      readonly kind: 'load'
      readonly port: number
      readonly seed: number
      readonly seconds: number
      /** Calls begun a second, as far as the machine bears it. */
      readonly rate: number
    }
  | {
      readonly kind: 'aborts'
      readonly port: number
      readonly seed: number
      readonly from: number
      readonly count: number
      readonly concurrency: number
    }
  | { readonly kind: 'flood'; readonly port: number }

/** More calls are not begun while this many are under way: a machine that cannot bear the rate gets a lower one. */
const MOST_AT_ONCE = 300
const EVERY_MS = 5
const LONGER_THAN_TOLD_MS = 120_000

const records = new RecordSender()

process.on('message', (message) => {
  const job = message as SoakJob
  const run =
    job.kind === 'load'
      ? load(job)
      : job.kind === 'aborts'
        ? aborts(job)
        : drink(job.port, (still) => process.send?.({ still }))
  run.then(
    async (done) => {
      await records.flush()
      process.send?.({ done })
    },
    (error: unknown) => process.send?.({ failed: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })

async function load({ port, seed, seconds, rate }: Extract<SoakJob, { kind: 'load' }>): Promise<number> {
  // Only with a time of its own does this agent mind the "Keep-Alive: timeout" of the gateway; else it sends into connections that are just being closed.
  const agent = new Agent({
    keepAlive: true,
    timeout: LONGER_THAN_TOLD_MS,
    maxSockets: Number.POSITIVE_INFINITY,
    maxFreeSockets: 256,
  })
  const beganAt = performance.now()
  const running = new Set<Promise<void>>()
  let call = 0
  let given = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - beganAt
      if (elapsedMs >= seconds * 1000) {
        clearInterval(timer)
        return resolve()
      }
      const due = Math.floor((elapsedMs / 1000) * rate)
      while (given < due) {
        given += 1
        if (running.size >= MOST_AT_ONCE) continue
        call += 1
        const one = playCall(port, agent, seed, call).then((ended) => records.add(ended))
        const kept = one.finally(() => running.delete(kept))
        running.add(kept)
      }
    }, EVERY_MS)
  })
  await Promise.all(running)
  agent.destroy()
  return call
}

async function aborts({ port, seed, from, count, concurrency }: Extract<SoakJob, { kind: 'aborts' }>): Promise<number> {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })
  let begun = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (begun < count) {
        begun += 1
        records.add(await playCall(port, agent, seed, ABORTED_FROM + from + begun))
      }
    }),
  )
  agent.destroy()
  return begun
}
