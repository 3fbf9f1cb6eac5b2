import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { benchClassify } from './classify.ts'

/**
 * What the gateway costs: the same calls straight to a fake provider and through the gateway, in turns within one run, each side in a process of its own.
 * Absolute figures belong to the machine; the ratios are what can be compared.
 */
const PROGRAM = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const ROUNDS = 5
const SEQUENTIAL_CALLS = 200
const CONCURRENT_CALLS = 1000
const CONCURRENCY = 32

interface Side {
  readonly name: string
  readonly url: string
}

interface Measured {
  readonly millisecondsEach: readonly number[]
  readonly perSecond: number
}

const home = mkdtempSync(join(tmpdir(), 'sparekey-bench-'))
const agent = new Agent({ connections: CONCURRENCY, pipelining: 1 })
const children: Array<{ kill(signal: 'SIGTERM'): boolean }> = []

try {
  const provider = await start(['simulate', 'all-good', '--serve', '--port', '0', '--json'])
  writeFileSync(join(home, 'config.yaml'), `providers:\n  openai: { baseUrl: "${provider}/v1" }\n`)
  await finished(['auth', 'add', 'openai', '--api-key-stdin'], 'tok-a')
  const gateway = await start(['serve', '--port', '0', '--json'])
  const sides: readonly Side[] = [
    { name: 'direct', url: provider },
    { name: 'gateway', url: gateway },
  ]
  console.log(
    `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${ROUNDS} rounds in turns, median round\n`,
  )
  console.log('| case | direct | gateway | difference |')
  console.log('|---|---|---|---|')
  for (const stream of [false, true]) {
    const what = stream ? 'stream' : 'one body'
    const latency = await compare(sides, (side) => sequential(side, stream))
    const [direct, through] = latency.map(
      ({ millisecondsEach }) => [at(millisecondsEach, 0.5), at(millisecondsEach, 0.99)] as const,
    )
    if (direct !== undefined && through !== undefined) {
      console.log(
        `| ${what}, one at a time, p50 | ${ms(direct[0])} | ${ms(through[0])} | +${ms(through[0] - direct[0])} |`,
      )
      console.log(
        `| ${what}, one at a time, p99 | ${ms(direct[1])} | ${ms(through[1])} | +${ms(through[1] - direct[1])} |`,
      )
    }
    const [fast, slow] = (await compare(sides, (side) => concurrent(side, stream))).map(({ perSecond }) => perSecond)
    if (fast !== undefined && slow !== undefined)
      console.log(
        `| ${what}, ${CONCURRENCY} at a time | ${fast.toFixed(0)} calls/s | ${slow.toFixed(0)} calls/s | x ${(slow / fast).toFixed(2)} |`,
      )
  }
  benchClassify()
} finally {
  for (const child of children) child.kill('SIGTERM')
  await agent.close()
  rmSync(home, { recursive: true, force: true })
}

/** Each side in turn, several rounds; the median round by its rate stands for the side. */
async function compare(
  sides: readonly Side[],
  measure: (side: Side) => Promise<Measured>,
): Promise<readonly Measured[]> {
  for (const side of sides) await measure(side)
  const rounds = sides.map(() => [] as Measured[])
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [index, side] of sides.entries()) rounds[index]?.push(await measure(side))
  return rounds.map((all) => {
    const median = all.sort((left, right) => left.perSecond - right.perSecond)[Math.floor(all.length / 2)]
    if (median === undefined) throw new Error('nothing was measured')
    return median
  })
}

async function sequential(side: Side, stream: boolean): Promise<Measured> {
  const millisecondsEach: number[] = []
  const startedAt = performance.now()
  for (let call = 0; call < SEQUENTIAL_CALLS; call += 1) millisecondsEach.push(await ask(side, stream))
  return { millisecondsEach, perSecond: SEQUENTIAL_CALLS / ((performance.now() - startedAt) / 1000) }
}

async function concurrent(side: Side, stream: boolean): Promise<Measured> {
  const millisecondsEach: number[] = []
  const startedAt = performance.now()
  let left = CONCURRENT_CALLS
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left > 0) {
        left -= 1
        millisecondsEach.push(await ask(side, stream))
      }
    }),
  )
  return { millisecondsEach, perSecond: CONCURRENT_CALLS / ((performance.now() - startedAt) / 1000) }
}

async function ask({ url }: Side, stream: boolean): Promise<number> {
  const startedAt = performance.now()
  const answer = await request(`${url}/v1/responses`, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json', authorization: 'Bearer tok-a' },
    body: JSON.stringify({ model: 'gpt-5.5', input: 'What is the answer?', stream }),
  })
  const text = await answer.body.text()
  if (answer.statusCode !== 200 || !text.includes('42'))
    throw new Error(`a call failed: ${answer.statusCode} ${text.slice(0, 200)}`)
  return performance.now() - startedAt
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`
}

function launch(words: readonly string[]) {
  return spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...words], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, SPAREKEY_HOME: home },
  })
}

/** Starts a server and waits for its address. */
function start(words: readonly string[]): Promise<string> {
  const child = launch(words)
  children.push(child)
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = /"url": "([^"]+)"/.exec(line)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.on('close', () => reject(new Error(`${words.join(' ')} ended`)))
  })
}

function finished(words: readonly string[], input: string): Promise<void> {
  const child = launch(words)
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${words.join(' ')} ended with ${code}`))))
  })
}
