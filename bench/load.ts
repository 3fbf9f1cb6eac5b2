import { RawClient } from './raw-client.ts'
import { type LoadJob, type LoadResult, requestOf } from './load-job.ts'

/** The load generator: a process of its own that runs one job after the other. */
const open: RawClient[] = []

process.on('message', (message) => {
  const job = message as LoadJob
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })

async function run(job: LoadJob): Promise<LoadResult> {
  if (job.kind === 'hold') return hold(job)
  if (job.kind === 'leave') {
    const leftAtMs = Date.now()
    for (const client of open.splice(0)) client.close()
    return { ...NOTHING, leftAtMs }
  }
  const request = requestOf(job)
  const clients = await Promise.all(Array.from({ length: job.concurrency }, () => RawClient.open(job.port)))
  const totalMs: number[] = []
  const firstMs: number[] = []
  const gapsMs: number[] = []
  const startedAt = performance.now()
  let bad = 0
  let left = job.calls
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0 && performance.now() - startedAt < job.mostMs) {
        left -= 1
        const answer = await client.ask(request)
        if (answer.status !== 200) bad += 1
        totalMs.push(answer.totalMs)
        firstMs.push(answer.firstMs)
        for (const gap of answer.gapsMs) gapsMs.push(gap)
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  for (const client of clients) client.close()
  return { ...NOTHING, calls: totalMs.length, bad, seconds, totalMs, firstMs, gapsMs }
}

/** Opens streams that stay open after their first token. */
async function hold(job: LoadJob): Promise<LoadResult> {
  const request = requestOf(job)
  for (let opened = 0; opened < job.calls; ) {
    const some = Math.min(job.concurrency, job.calls - opened)
    await Promise.all(
      Array.from({ length: some }, async () => {
        const client = await RawClient.open(job.port)
        open.push(client)
        const { status } = await client.ask(request, 'token')
        if (status !== 200) throw new Error(`a stream that should stay open was answered with ${status}`)
      }),
    )
    opened += some
  }
  return { ...NOTHING, calls: job.calls }
}

const NOTHING: LoadResult = { calls: 0, bad: 0, seconds: 0, totalMs: [], firstMs: [], gapsMs: [] }
