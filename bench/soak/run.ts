import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cpuSeconds } from '../process-figures.ts'
import { quantile } from '../quantile.ts'
import { Worker } from '../worker.ts'
import type { SoakJob } from './clients.ts'
import type { Flooded } from './flood.ts'
import { type Remains, SoakedGateway } from './gateway.ts'
import { Judge } from './judge.ts'
import type { SoakRecord } from './records.ts'

/**
 * `npm run soak`: half an hour of everything that can go wrong, at once, with a judge who compares every call with what the upstream sent; then
 * clients that do nothing but leave; then nothing may be left over. Ends with 1 when anything was wrong. The same seed brings the same accidents.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1800' },
    rate: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    /** 0 = one process that stands alone. */
    workers: { type: 'string', default: '0' },
    aborts: { type: 'string', default: '10000' },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
const aborts = Number(values.aborts)
const MEBIBYTE = 1024 * 1024
/** A process may differ from itself by this much between the middle of a run and its end; in a short one it is still being worn in. */
const IS_WORN_IN = seconds >= 300
const HEAP_MAY_GROW_BYTES = (IS_WORN_IN ? 12 : 32) * MEBIBYTE
const RSS_MAY_GROW_SHARE = IS_WORN_IN ? 0.25 : 0.75
/** Connections to the upstream are kept this long for the next call, and a bench of a second must end. */
const LONGEST_SETTLING_MS = 30_000
/** Of an answer of 128 MiB that nobody reads. */
const MOST_FLOODED_BYTES = 64 * MEBIBYTE
/** Timers of the process itself, such as that of its store, come and go. */
const TIMERS_MAY_DIFFER = 6

let listenerSockets = 0
const folder = mkdtempSync(join(tmpdir(), 'sparekey-soak-'))
const judge = new Judge(seed)
const wrong: string[] = []
const upstream = new Worker('./soak/upstream.ts', [String(seed)])
const clients = new Worker('./soak/clients.ts')
for (const each of [upstream, clients])
  each.child.on('message', ({ records }: { readonly records?: readonly SoakRecord[] }) => {
    for (const record of records ?? []) judge.take(record)
  })

try {
  const [{ port }] = await Promise.all([upstream.hear<{ port: number }>('port'), clients.hear('ready')])
  const gateway = await SoakedGateway.start(folder, port, Number(values.workers), Number(values.rate))
  try {
    await soak(gateway)
  } finally {
    gateway.child.kill('SIGKILL')
  }
} finally {
  clients.stop()
  upstream.stop()
  rmSync(folder, { recursive: true, force: true })
}
for (const each of wrong) console.log(`WRONG: ${each}`)
console.log(wrong.length === 0 ? 'ok: nothing was wrong' : `${wrong.length} things were wrong`)
process.exitCode = wrong.length === 0 ? 0 : 1

async function soak(gateway: SoakedGateway): Promise<void> {
  // A worker's share of the listener counts as a socket.
  listenerSockets = (await gateway.remains()).sockets
  const beganAt = performance.now()
  const cpuBefore = cpuOf(gateway)
  const samples: Array<{ readonly share: number; readonly rss: number }> = []
  const heaps: Array<{ readonly share: number; readonly heapUsed: number }> = []
  const shareNow = () => (performance.now() - beganAt) / (seconds * 1000)
  const sampling = setInterval(() => {
    samples.push({ share: shareNow(), rss: gateway.residentBytes() })
    judge.judge(performance.timeOrigin + performance.now())
  }, 1_000)
  const collecting = setInterval(
    () => void gateway.remains().then(({ heapUsed }) => heaps.push({ share: shareNow(), heapUsed })),
    Math.max(2_000, (seconds * 1000) / 20),
  )
  let changes = 0
  const changing = setInterval(() => gateway.changeConfig((changes += 1)), Math.max(1_500, (seconds * 1000) / 50))
  // In the first part, so that the same processes are there from the middle to the end.
  const renewing = setTimeout(() => gateway.renew(), (seconds * 1000) / 10)
  const begun = await job<number>({ kind: 'load', port: gateway.port, seed, seconds, rate: Number(values.rate) })
  const cpuMs = ((cpuOf(gateway) - cpuBefore) * 1000) / Math.max(1, begun)
  clearInterval(changing)
  clearTimeout(renewing)
  clearInterval(sampling)
  clearInterval(collecting)
  const elapsedSeconds = (performance.now() - beganAt) / 1000
  console.log(
    `${begun} calls in ${elapsedSeconds.toFixed(0)} s: ${(begun / elapsedSeconds).toFixed(0)} calls/s (asked for: ${values.rate}), ` +
      `${Number(values.workers) === 0 ? `${cpuMs.toFixed(2)} CPU ms of the gateway each; ` : ''}Node ${process.version}, ${gateway.pids().length} process(es), seed ${seed}`,
  )
  const renewed = Number(values.workers) > 0 ? ', all workers renewed once' : ''
  console.log(`configuration changed ${changes} times, taken over ${gateway.reloads} times${renewed}`)
  if (changes > 0 && gateway.reloads === 0) wrong.push('no change of the configuration was taken over')
  const rss = compared(samples.map(({ share, rss: bytes }) => ({ share, bytes })))
  const heap = compared(heaps.map(({ share, heapUsed }) => ({ share, bytes: heapUsed })))
  console.log(`memory of a process, middle -> end: resident ${arrow(rss)}, heap after a collection ${arrow(heap)}`)
  if (rss.end > rss.middle * (1 + RSS_MAY_GROW_SHARE)) wrong.push(`resident memory grows: ${arrow(rss)}`)
  if (heap.end > heap.middle + HEAP_MAY_GROW_BYTES) wrong.push(`the heap grows: ${arrow(heap)}`)

  const rested = await settled(gateway)
  left('after the load', await gateway.heldPlaces(), rested)
  judge.judge(Number.POSITIVE_INFINITY)
  tell()
  await leaving(gateway, rested)
  await flood(gateway)

  const troubles = gateway.troubles.slice(0, 5)
  if (troubles.length > 0)
    wrong.push(`the gateway's log tells of trouble (${gateway.troubles.length} lines): ${troubles.join(' | ')}`)
  const journal = statSync(join(folder, 'home', 'calls.db')).size
  console.log(`journal of calls: ${mib(journal)}`)
  const code = await gateway.stop()
  if (code !== 0) wrong.push(`the gateway ended with ${String(code)}`)
}

/** Clients that leave in every phase: what is left is compared with what was there before. */
async function leaving(gateway: SoakedGateway, before: Remains): Promise<void> {
  if (aborts === 0) return
  judge.abortMs.length = 0
  const target = { port: gateway.port, seed }
  // One at a time first: what an abort takes on its way when nothing else is at work.
  const alone = Math.min(300, aborts)
  await job<number>({ kind: 'aborts', ...target, from: 0, count: alone, concurrency: 1 })
  await settled(gateway)
  judge.judge(Number.POSITIVE_INFINITY)
  console.log(`client leaves -> upstream is cut, one at a time: ${quantiles(judge.abortMs)}`)
  judge.abortMs.length = 0
  const count = await job<number>({ kind: 'aborts', ...target, from: alone, count: aborts, concurrency: 50 })
  const after = await settled(gateway)
  judge.judge(Number.POSITIVE_INFINITY)
  const heap = { middle: before.heapUsed, end: after.heapUsed }
  console.log(
    `${count} aborted streams, 50 at a time: cut within ${quantiles(judge.abortMs)}; heap ${arrow(heap)}, ` +
      `timers ${before.timers} -> ${after.timers}, sockets ${before.sockets} -> ${after.sockets}, resident ${arrow({ middle: before.rss, end: after.rss })}`,
  )
  left('after the aborts', await gateway.heldPlaces(), after)
  if (after.heapUsed > before.heapUsed + HEAP_MAY_GROW_BYTES)
    wrong.push(`aborted streams stay in the heap: ${arrow(heap)}`)
  if (after.timers > before.timers + TIMERS_MAY_DIFFER) wrong.push(`timers stay: ${before.timers} -> ${after.timers}`)
  complain()
}

/** An upstream that is faster than its client by all of a long answer: what waits on the way is bounded. */
async function flood(gateway: SoakedGateway): Promise<void> {
  const before = (await gateway.remains()).rss
  let mostBytes = 0
  let acceptedBytes = 0
  let aheadBytes = 0
  const sampling = setInterval(() => (mostBytes = Math.max(mostBytes, gateway.residentBytes())), 20)
  const onAccepted = (message: { readonly accepted?: number }) => (acceptedBytes = message.accepted ?? acceptedBytes)
  const onStill = (message: { readonly still?: boolean }) => {
    if (message.still === false) aheadBytes = acceptedBytes
  }
  upstream.child.on('message', onAccepted)
  clients.child.on('message', onStill)
  const poured = upstream.hear<{ readonly poured: Flooded }>('poured')
  const got = await job<Flooded>({ kind: 'flood', port: gateway.port })
  const sent = (await poured).poured
  clearInterval(sampling)
  upstream.child.off('message', onAccepted)
  clients.child.off('message', onStill)
  console.log(
    `an answer of ${mib(sent.bytes)} for a client that reads slowly: ${mib(aheadBytes)} were under way while it stood still, resident memory rose by at most ${mib(mostBytes - before)}`,
  )
  if (got.digest !== sent.digest) wrong.push(`of ${sent.bytes} bytes ${got.bytes} arrived, or others`)
  if (mostBytes - before > MOST_FLOODED_BYTES) wrong.push(`a slow client costs ${mib(mostBytes - before)} of memory`)
}

async function job<T>(given: SoakJob): Promise<T> {
  clients.child.send(given)
  const { done, failed } = await clients.hear<{ readonly done?: T; readonly failed?: string }>('done', 'failed')
  if (done === undefined) throw new Error(failed ?? 'the clients said nothing')
  return done
}

/** Waits until no connection is open any more. */
async function settled(gateway: SoakedGateway): Promise<Remains> {
  const until = performance.now() + LONGEST_SETTLING_MS
  for (;;) {
    const found = await gateway.remains()
    const remains = { ...found, sockets: found.sockets - listenerSockets }
    upstream.child.send('open')
    const { open } = await upstream.hear<{ open: number }>('open')
    if ((remains.sockets === 0 && open === 0) || performance.now() > until) {
      if (open > 0) wrong.push(`${open} connections to the upstream stay open`)
      return remains
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

function left(when: string, places: number, { sockets }: Remains): void {
  console.log(`left over ${when}: ${places} leases, ${sockets} sockets`)
  if (places > 0) wrong.push(`${places} leases are still held ${when}`)
  if (sockets > 0) wrong.push(`${sockets} sockets are still open ${when}`)
}

function tell(): void {
  const { complete, error, left: gone, attempts, rescued } = judge.counts
  console.log(
    `${complete} complete, digest for digest (${rescued} of them behind a failed attempt); ${error} with one typed failure; ${gone} left by their clients; ` +
      `${attempts} attempts at the upstream met ${judge.kinds.size} kinds of answers`,
  )
  console.log(
    `answered calls took ${quantiles(judge.callMs)}; clients that left under load: upstream cut within ${quantiles(judge.abortMs)}`,
  )
  if (complete === 0 || error === 0 || rescued === 0) wrong.push('the load did not show what it should: too few calls')
  complain()
}

function complain(): void {
  if (judge.complained > 0)
    wrong.push(`${judge.complained} calls were not what they should be:\n  ${judge.complaints.join('\n  ')}`)
  if (judge.unsettled > 0) wrong.push(`${judge.unsettled} calls have no end`)
  judge.complained = 0
  judge.complaints.length = 0
}

/** Medians of the middle and of the end of a run. */
function compared(samples: ReadonlyArray<{ readonly share: number; readonly bytes: number }>) {
  const median = (from: number, to: number) => {
    const within = samples.filter(({ share }) => share >= from && share <= to).map(({ bytes }) => bytes)
    // A short run on a starved machine may have no sample there: that is no growth.
    return within.length === 0 ? Number.NaN : quantile(within, 0.5)
  }
  return { middle: median(0.4, 0.6), end: median(0.8, 1) }
}

function cpuOf(gateway: SoakedGateway): number {
  return gateway.pids().reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0)
}

function arrow({ middle, end }: { readonly middle: number; readonly end: number }): string {
  return `${mib(middle)} -> ${mib(end)}`
}

function mib(bytes: number): string {
  if (Number.isNaN(bytes)) return 'not sampled'
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`
}

function quantiles(values: readonly number[]): string {
  if (values.length === 0) return 'nothing'
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(1))
  return `p50 ${p50} ms, p99 ${p99} ms, at most ${most} ms (${values.length})`
}
