import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepFigures } from './page.ts'
import { blameOf, type FailureLabel } from '../src/failure/labels.ts'
import { systemPlatform } from '../src/platform/platform.ts'
import type { FailureVerdict, Lease } from '../src/pool/lease.ts'
import { CredentialPool } from '../src/pool/pool.ts'
import type { Store } from '../src/pool/store-contract.ts'
import { STRATEGY_NAMES, type StrategyName } from '../src/pool/strategies.ts'
import { DEFAULT_POLICY } from '../src/recovery/policy.ts'
import { MemoryStore } from '../src/stores/memory.ts'
import { openStore } from '../src/stores/open-store.ts'

const SIZES = [1, 10, 100, 1_000, 10_000]
/** Each credential is added in a durable transaction that looks at all its siblings: ten thousand would take minutes. */
const MOST_IN_SQLITE = 1_000
const ROUNDS = 7
const ROUND_MS = 8
const PROCESSES_MS = 1_500
const CHILD = fileURLToPath(new URL('./pool-child.ts', import.meta.url))
const MARKS = ['<!-- pool figures: written by npm run bench -->', '<!-- end of pool figures -->'] as const

/** What choosing a credential and reporting on it cost, by number of credentials. Best of some rounds: neighbours only ever add. */
export async function benchPoolScale(): Promise<void> {
  const lines: string[] = []
  const say = (line: string) => {
    lines.push(line)
    console.log(line)
  }
  say(
    `Node ${process.version}, ${cpus().length} cores, load before ${(loadavg()[0] ?? 0).toFixed(1)}; best of ${ROUNDS} rounds, µs.`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'sparekey-scale-'))
  try {
    for (const kind of ['memory', 'sqlite'] as const) {
      const sizes = kind === 'memory' ? SIZES : SIZES.filter((size) => size <= MOST_IN_SQLITE)
      say(`\n| ${kind} store, µs | ${sizes.map((size) => size.toLocaleString('en')).join(' | ')} |`)
      say(`|---|${sizes.map(() => '---|').join('')}`)
      const rows = new Map<string, string[]>()
      for (const size of sizes) {
        const home = join(folder, `${kind}-${size}`)
        const store =
          kind === 'memory' ? new MemoryStore() : await openStore({ kind, homeDirectory: home }, systemPlatform)
        await fill(store, size)
        for (const [name, us] of await measure(store, size))
          rows.set(name, [...(rows.get(name) ?? []), Number.isNaN(us) ? '' : us.toFixed(1)])
        await store.close()
      }
      for (const [name, cells] of rows) say(`| ${name} | ${cells.join(' | ')} |`)
    }
    say(`\nMemory for each of 10,000 credentials, memory store with its pool: ${await memoryOfOne()}.`)
    say('\n| processes on one SQLite home | acquire and succeed, calls/s in all |\n|---|---|')
    for (const count of [1, 2, 4]) say(`| ${count} | ${await together(join(folder, `home-${count}`), count)} |`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  keepFigures(MARKS, lines)
}

async function fill(store: Store, count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) {
    const label = `c${each}`
    const secret = { token: `token-${each}` }
    const source = { kind: 'stored' } as const
    await store.addCredential(
      { id: `cred_${each}`, provider: 'openai', label, type: 'api-key', source, fingerprint: `f${each}`, secret },
      systemPlatform.clock.now(),
    )
  }
}

function poolOf(store: Store, strategy: StrategyName): CredentialPool {
  return new CredentialPool({ store, platform: systemPlatform, strategyFor: () => strategy })
}

async function lend(pool: CredentialPool): Promise<Lease> {
  const acquired = await pool.acquire({ provider: 'openai', model: 'gpt-5.5', tried: new Map() })
  if (acquired.kind === 'nothing') throw new Error('nothing to lend')
  return acquired.lease
}

async function measure(store: Store, size: number): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const acquires = async (suffix: string) => {
    for (const strategy of STRATEGY_NAMES) {
      const pool = poolOf(store, strategy)
      found.set(
        `acquire, ${strategy}${suffix}`,
        await best(
          () => lend(pool),
          (lease) => lease.release(),
        ),
      )
      await pool.close()
    }
  }
  await acquires('')
  const pool = poolOf(store, 'fill_first')
  found.set(
    'succeed',
    await best(
      (lease) => lease.succeed(),
      undefined,
      () => lend(pool),
    ),
  )
  found.set(
    'fail and lift again',
    await best(
      async (lease) => {
        await lease.fail(verdict('quota_exhausted'))
        await lease.undo()
      },
      undefined,
      () => lend(pool),
    ),
  )
  await pool.close()
  if (size === 1) {
    for (const strategy of STRATEGY_NAMES) found.set(`acquire, ${strategy}, one benched`, Number.NaN)
    return found
  }
  const bencher = poolOf(store, 'fill_first')
  await (await lend(bencher)).fail(verdict('quota_exhausted'))
  await acquires(', one benched')
  await bencher.close()
  return found
}

function verdict(label: FailureLabel): FailureVerdict {
  const seenAtMs = systemPlatform.clock.now()
  return {
    failure: {
      label,
      blame: blameOf(label),
      message: 'for a measurement',
      modelScoped: false,
      rule: 'bench',
      confidence: 'exact',
      retryAfterMs: 86_400_000,
      evidence: { channel: 'http', provider: 'openai', api: 'responses', headers: {}, seenAtMs },
    },
    terms: DEFAULT_POLICY[label].bench,
    callId: 'call_bench',
    lastHope: false,
  }
}

/** Microseconds of one `work`, the best of the rounds; what is before and after it is not counted. */
async function best<Made>(
  work: (lease: Lease) => Promise<Made>,
  after?: (made: Made) => Promise<void>,
  before?: () => Promise<Lease>,
): Promise<number> {
  let bestUs = Number.POSITIVE_INFINITY
  // Grows until a round is long enough for the clock; those rounds warm up too.
  let calls = 1
  for (let round = 0; round < ROUNDS; ) {
    const leases: Lease[] = []
    for (let each = 0; before !== undefined && each < calls; each += 1) leases.push(await before())
    const made: Made[] = []
    const startedAt = process.hrtime.bigint()
    for (let each = 0; each < calls; each += 1) made.push(await work(leases[each] as Lease))
    const us = Number(process.hrtime.bigint() - startedAt) / 1000
    if (after !== undefined) for (const each of made) await after(each)
    await new Promise((resolve) => setImmediate(resolve))
    if (us < ROUND_MS * 1000 && calls < 20_000) calls *= 2
    else round += 1
    bestUs = Math.min(bestUs, us / calls)
  }
  return bestUs
}

async function memoryOfOne(): Promise<string> {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) return 'not measured (needs --expose-gc)'
  collect()
  const before = process.memoryUsage().heapUsed
  const store = new MemoryStore()
  await fill(store, 10_000)
  const pool = poolOf(store, 'quota_aware')
  await (await lend(pool)).release()
  collect()
  const bytes = (process.memoryUsage().heapUsed - before) / 10_000
  await pool.close()
  await store.close()
  return `${bytes.toFixed(0)} bytes of heap`
}

async function together(home: string, count: number): Promise<string> {
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  await fill(store, 10)
  await store.close()
  const children = Array.from({ length: count }, () =>
    fork(CHILD, [home, String(PROCESSES_MS)], { execArgv: ['--import', 'tsx'] }),
  )
  try {
    await Promise.all(children.map((child) => once(child, 'message')))
    const ended = children.map((child) => once(child, 'message'))
    for (const child of children) child.send('go')
    const rates = (await Promise.all(ended)).map(([said]: unknown[]) => {
      const { calls, elapsedMs } = said as { calls: number; elapsedMs: number }
      return (calls / elapsedMs) * 1000
    })
    return rates.reduce((sum, rate) => sum + rate, 0).toFixed(0)
  } finally {
    for (const child of children) child.kill()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await benchPoolScale()
