import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepFigures } from './page.ts'
import { cpuSeconds } from './process-figures.ts'
import { median } from './quantile.ts'
import { jobAt, type Side, startOurs } from './sides.ts'
import { LoadProcess, UpstreamProcess } from './worker.ts'

const ROUNDS = 5
/** For each worker: a compiler that is still at work costs as much as the calls. */
const WARM_UP_CALLS = 15_000
const LONGEST_WARM_UP_MS = 60_000
const ROUND_MS = 3_000
const CONCURRENCY = 128
const MARKS = ['<!-- workers: written by npm run bench -->', '<!-- end of workers -->'] as const

interface Round {
  readonly callsPerSecond: number
  /** CPU ms of the gateway's processes, for each call. */
  readonly ownMs: number
  /** CPU ms of the load generator and of the upstream, for each call. */
  readonly othersMs: number
  /** The share of the calls that each worker answered, by CPU time. */
  readonly shares: readonly number[]
}

/**
 * Two workers against one, in turns. Where there are fewer free cores than processes, calls a second show the cores and not the workers;
 * then the CPU time of a call tells: as long as it does not rise, twice the workers do twice the calls on cores that are free.
 */
export async function benchWorkers(): Promise<void> {
  const lines: string[] = []
  const say = (line: string) => {
    lines.push(line)
    console.log(line)
  }
  const folder = mkdtempSync(join(tmpdir(), 'sparekey-workers-'))
  const children: ChildProcess[] = []
  const upstream = await UpstreamProcess.start()
  const load = await LoadProcess.start()
  try {
    say(
      `Node ${process.version}, ${cpus().length} cores, load before ${(loadavg()[0] ?? 0).toFixed(1)}; 2 KB JSON, ${CONCURRENCY} at a time, ` +
        `median of ${ROUNDS} rounds in turns.`,
    )
    const rounds = new Map<number, Round[]>([
      [1, []],
      [2, []],
    ])
    const sides = new Map<number, Side>()
    for (const workers of rounds.keys()) {
      mkdirSync(join(folder, String(workers)))
      sides.set(workers, await startOurs(join(folder, String(workers)), upstream.port, children, workers))
    }
    for (const [workers, side] of sides)
      await load.run(
        jobAt(side, { concurrency: CONCURRENCY, calls: workers * WARM_UP_CALLS, mostMs: LONGEST_WARM_UP_MS }),
      )
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [workers, side] of sides) rounds.get(workers)?.push(await measure(side, load, upstream))
    say(
      '\n| workers | calls/s | CPU ms of the gateway for a call | of load generator and upstream | shares of the workers |\n|---|---|---|---|---|',
    )
    for (const [workers, of] of rounds) {
      const shares = of.map((each) => Math.max(...each.shares))
      say(
        `| ${workers} | ${median(of.map((each) => each.callsPerSecond)).toFixed(0)} | ${median(of.map((each) => each.ownMs)).toFixed(2)} | ` +
          `${median(of.map((each) => each.othersMs)).toFixed(2)} | at most ${(median(shares) * 100).toFixed(0)} % |`,
      )
    }
    say(`\n${conclusion(rounds.get(1) ?? [], rounds.get(2) ?? [])}`)
    keepFigures(MARKS, lines)
  } finally {
    for (const child of children) child.kill('SIGTERM')
    load.stop()
    upstream.stop()
    await new Promise((resolve) => setTimeout(resolve, 500))
    rmSync(folder, { recursive: true, force: true })
  }
}

function conclusion(one: readonly Round[], two: readonly Round[]): string {
  const rate = (of: readonly Round[]) => median(of.map((each) => each.callsPerSecond))
  const cost = (of: readonly Round[]) => median(of.map((each) => each.ownMs))
  const all = (of: readonly Round[]) => median(of.map((each) => each.ownMs + each.othersMs))
  const possible = (cpus().length * 1000) / all(two)
  return (
    `Two workers do ${(rate(two) / rate(one)).toFixed(2)} times the calls of one; everything together may use ${cpus().length} cores, which is enough for ` +
    `${possible.toFixed(0)} calls/s at most (${(possible / rate(one)).toFixed(2)} times). By CPU time, on cores that are free: ${((2 * cost(one)) / cost(two)).toFixed(2)} times.`
  )
}

async function measure(side: Side, load: LoadProcess, upstream: UpstreamProcess): Promise<Round> {
  const pids = childrenOf(side.pid ?? 0)
  const others = [load.child.pid ?? 0, upstream.child.pid ?? 0]
  const own = () => pids.map((pid) => cpuSeconds(pid) ?? 0)
  const foreign = () => others.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0)
  const before = { own: own(), foreign: foreign() }
  const { calls, seconds, bad } = await load.run(jobAt(side, { concurrency: CONCURRENCY, mostMs: ROUND_MS }))
  if (bad > 0) throw new Error(`${bad} bad answers`)
  const used = own().map((after, index) => after - (before.own[index] ?? 0))
  const sum = used.reduce((total, each) => total + each, 0)
  return {
    callsPerSecond: calls / seconds,
    ownMs: (sum * 1000) / calls,
    othersMs: ((foreign() - before.foreign) * 1000) / calls,
    shares: used.map((each) => each / sum),
  }
}

/** Worker processes of a crew, by /proc: its parent does nothing while they work. */
function childrenOf(pid: number): readonly number[] {
  if (!existsSync(`/proc/${pid}/task`)) throw new Error('needs /proc')
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await benchWorkers()
