import type { ChildProcess } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { benchClassify } from './classify.ts'
import { benchPoolScale } from './pool-scale.ts'
import type { LoadJob, LoadResult } from './load-job.ts'
import { keepFigures } from './page.ts'
import { cpuSeconds, residentBytes } from './process-figures.ts'
import { quantile } from './quantile.ts'
import { jobAt, type Side, startNginx, startOurs, startPortkey } from './sides.ts'
import { LoadProcess, UpstreamProcess } from './worker.ts'
import { benchWorkers } from './workers.ts'

/**
 * What the gateway costs, measured from outside: load generator, fake provider and every system are processes of their own, and all sides take turns
 * within one run. Quick by default; `--full` takes its time, opens 10,000 streams and aborts 10,000. Compare ratios, not figures.
 */
const FULL = process.argv.includes('--full')
const SECONDS = FULL ? 6 : 1.5
const WARM_UP_CALLS = FULL ? 20_000 : 3_000
const CONCURRENCIES = [1, 16, 64, 256]
const MARKS = ['<!-- figures: written by npm run bench -->', '<!-- end of figures -->'] as const

const folder = mkdtempSync(join(tmpdir(), 'sparekey-bench-'))
const children: ChildProcess[] = []
const lines: string[] = []
const say = (line: string) => {
  lines.push(line)
  console.log(line)
}

const upstream = await UpstreamProcess.start()
const load = await LoadProcess.start()
try {
  const nginx = await startNginx(folder, upstream.port, children)
  if (nginx === undefined) say('nginx is left out: it is not installed (apt-get install nginx).\n')
  const portkey = await startPortkey(process.env['SPAREKEY_BENCH_PEERS'], upstream.port, children)
  if (portkey === undefined)
    say('Portkey is left out: run scripts/install-bench-peers.sh and set SPAREKEY_BENCH_PEERS.\n')
  const ours = await startOurs(folder, upstream.port, children)
  const direct: Side = { name: 'direct', version: '', port: upstream.port, headers: {}, pid: upstream.child.pid }
  const sides = [direct, nginx, portkey, ours].filter((side) => side !== undefined)
  machine(sides)
  for (const side of sides) {
    await load.run(job(side, { concurrency: 16, calls: WARM_UP_CALLS, mostMs: FULL ? 20_000 : 5_000 }))
    await load.run(job(side, { concurrency: 16, calls: 300, stream: true, mostMs: 5_000 }))
  }
  await latency(sides)
  await throughput(sides)
  await failures(ours)
  await failover(ours)
  await idle(ours)
  await benchWorkers()
  benchClassify()
  await benchPoolScale()
  keepFigures(MARKS, lines)
} finally {
  for (const child of children) child.kill('SIGTERM')
  load.stop()
  upstream.stop()
  rmSync(folder, { recursive: true, force: true })
}

function job(side: Side, more: Partial<LoadJob>): LoadJob {
  return jobAt(side, { mostMs: SECONDS * 1000, ...more })
}

/** One at a time: what is added to each call. */
async function latency(sides: readonly Side[]): Promise<void> {
  say('\n| one call at a time | p50 | p99 | added p50 | added p99 |\n|---|---|---|---|---|')
  for (const [name, stream, of] of [
    ['2 KB JSON', false, 'totalMs'],
    ['first token of a stream', true, 'firstMs'],
  ] as const) {
    let base: readonly [number, number] = [0, 0]
    for (const side of sides) {
      const result = await load.run(job(side, { stream }))
      const own = [quantile(result[of], 0.5), quantile(result[of], 0.99)] as const
      if (side.name === 'direct') base = own
      const added = side.name === 'direct' ? '| |' : `${ms(own[0] - base[0])} | ${ms(own[1] - base[1])} |`
      say(`| ${name}, ${side.name} | ${ms(own[0])} | ${ms(own[1])} | ${added}`)
      if (stream)
        say(
          `| distance of pieces, ${side.name} | ${ms(quantile(result.gapsMs, 0.5))} | ${ms(quantile(result.gapsMs, 0.99))} | | |`,
        )
    }
  }
}

/** Calls a second, and what they cost: the second figure bears a busy machine better. */
async function throughput(sides: readonly Side[]): Promise<void> {
  say(`\n| calls/s (CPU s per 1,000 calls) | ${sides.map(({ name }) => name).join(' | ')} |`)
  say(`|---|${sides.map(() => '---|').join('')}`)
  for (const [name, more] of [
    ['2 KB JSON', { bodyBytes: 2_000 }],
    ['200 KB JSON', { bodyBytes: 200_000 }],
    ['stream of 200 events', { stream: true }],
  ] as const)
    for (const concurrency of FULL || name === '2 KB JSON' ? CONCURRENCIES : [64]) {
      const cells: string[] = []
      for (const side of sides) cells.push(await rate(side, { ...more, concurrency }))
      say(`| ${name}, ${concurrency} at a time | ${cells.join(' | ')} |`)
    }
}

async function rate(side: Side, more: Partial<LoadJob>): Promise<string> {
  const before = cpuSeconds(side.pid ?? 0)
  const result = await load.run(job(side, more))
  const after = cpuSeconds(side.pid ?? 0)
  if (result.bad > 0) return `${result.bad} bad answers`
  const cpu =
    before === undefined || after === undefined ? '' : ` (${(((after - before) * 1000) / result.calls).toFixed(2)})`
  return `${perSecond(result)}${cpu}`
}

async function failures(ours: Side): Promise<void> {
  say('\n| answers that fail (each is rescued by the next route) | calls/s (CPU s per 1,000 calls) |\n|---|---|')
  for (const percent of [10, 50])
    say(`| ${percent} %, 64 at a time | ${await rate(ours, { concurrency: 64, model: `gpt-fails-${percent}` })} |`)
}

/** From the upstream's error to the first byte at the next upstream, both seen at the upstreams. */
async function failover(ours: Side): Promise<void> {
  await upstream.figures()
  await load.run(job(ours, { model: 'gpt-fails-100', calls: 1_000, mostMs: 20_000 }))
  const { failoverMs } = await upstream.figures()
  say(
    `\nFailover, error of one upstream to first byte at the next: p50 ${ms(quantile(failoverMs, 0.5))}, p99 ${ms(quantile(failoverMs, 0.99))}.`,
  )
}

/** Streams that are open and silent, and their end. */
async function idle(ours: Side): Promise<void> {
  for (const streams of FULL ? [1_000, 3_900] : [1_000]) {
    const before = residentBytes(ours.pid ?? 0) ?? 0
    await load.run(job(ours, { kind: 'hold', stream: true, idle: true, calls: streams, concurrency: 100 }))
    const after = residentBytes(ours.pid ?? 0) ?? 0
    const left = await load.run(job(ours, { kind: 'leave' }))
    let figures = await upstream.figures()
    for (let round = 0; round < 200 && figures.idleOpen > 0; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25))
      figures = await upstream.figures()
    }
    const lateMs = figures.lastIdleClosedAtMs - (left.leftAtMs ?? 0)
    say(
      `\n${streams} open idle streams: ${((after - before) / streams / 1024).toFixed(1)} KB each. All clients leave at once: ` +
        `the last upstream was cut after ${lateMs} ms, ${figures.idleOpen} stayed open.`,
    )
  }
}

function machine(sides: readonly Side[]): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
  const peers = sides.filter(({ version }) => version !== '').map(({ name, version }) => `${name} ${version}`)
  const busy = loadavg()[0] ?? 0
  say(
    `Measured at commit ${commit}, ${FULL ? 'full' : 'quick'} run: Node ${process.version}, ${peers.join(', ')}; ${cpus().length} cores ` +
      `(${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, load before the run ${busy.toFixed(1)}.`,
  )
}

function perSecond({ calls, seconds }: LoadResult): string {
  return (calls / seconds).toFixed(0)
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`
}
