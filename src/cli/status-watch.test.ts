import pico from 'picocolors'
import { expect, it } from 'vitest'
import { commandLine } from '../../test/support/cli.ts'
import { program } from '../../test/support/program.ts'
import { fixedEnvironment } from '../platform/environment.ts'
import { systemPlatform } from '../platform/platform.ts'
import { openStore } from '../stores/open-store.ts'
import type { CliContext } from './context.ts'
import { watchStatus } from './status-watch.ts'

const PATIENT = { timeout: 60_000, interval: 20 }
const HOUR = 60 * 60 * 1000

async function homeWithTwo() {
  const cli = commandLine()
  for (const label of ['alice', 'bob'])
    expect(
      await cli.run(['auth', 'add', 'openai', '--api-key-stdin', '--label', label], `sk-of-${label}`),
    ).toMatchObject({ exit: 0 })
  return cli
}

/** A verdict, as another process writes it. */
async function benchFirst(home: string): Promise<void> {
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const { credentials } = await store.snapshot()
  const first = credentials.find(({ label }) => label === 'alice')?.id ?? ''
  const nowMs = systemPlatform.clock.now()
  await store.changeBench(first, '*', (credential) => ({
    credentialId: credential.id,
    scope: '*',
    reason: 'quota_exhausted',
    sinceMs: nowMs,
    untilMs: nowMs + 4 * HOUR,
    trialAtMs: nowMs + HOUR,
    dead: false,
    tokenGeneration: credential.generation,
    strikes: 1,
    failedTrials: 0,
    evidence: {
      rule: 'openai/usage-limit',
      message: 'used up',
      timeSource: 'header',
      seenAtMs: nowMs - 3 * 60_000,
      callId: 'call_1',
    },
  }))
  await store.close()
}

it('on a terminal it is redrawn in place, follows resizes, and gives the screen back', async () => {
  const { home } = await homeWithTwo()
  const written: string[] = []
  const out: string[] = []
  let columns = 80
  let resize = () => {}
  const stop = new AbortController()
  const context: CliContext = {
    json: false,
    environment: fixedEnvironment({ SPAREKEY_HOME: home }),
    platform: systemPlatform,
    terminal: {
      columns,
      interactive: true,
      unicode: true,
      live: () => undefined,
      colors: pico.createColors(false),
      out: (text) => void out.push(text),
      err: (text) => void out.push(text),
      readInput: () => Promise.resolve(''),
      askHidden: () => Promise.resolve(undefined),
      screen: {
        columns: () => columns,
        rows: () => 40,
        write: (text) => void written.push(text),
        onResize: (listener) => {
          resize = listener
          return () => undefined
        },
        onExit: () => () => undefined,
      },
    },
  }
  const watching = watchStatus(context, { signal: stop.signal })
  await expect.poll(() => written.at(-1), PATIENT).toContain('2 of 2 credentials ready')
  await benchFirst(home)
  await expect.poll(() => written.at(-1), PATIENT).toContain('quota_exhausted, 3 h 59 min left')
  expect(written.at(-1)).toMatch(/until \d{4}-\d\d-\d\d \d\d:\d\d UTC \(from a header\); trial in (?:1 h|59 min)/)
  expect(written.at(-1)).toContain('seen 3 min')
  expect(written.at(-1)).toContain('rule openai/usage-limit')
  for (const line of (written.at(-1) ?? '').split('\r\n')) expect(line.length).toBeLessThanOrEqual(80 + 10)
  columns = 50
  resize()
  await expect.poll(() => (written.at(-1) ?? '').includes('…\u001B[K'), PATIENT).toBe(true)
  stop.abort()
  await watching
  expect(written.at(-1)).toContain('\u001B[?25h')
  expect(out.join('\n')).toContain('1 of 2 credentials ready')
}, 180_000)

it('piped, a block is appended for each change; Ctrl-C ends with 0', async () => {
  const { home } = await homeWithTwo()
  const text = program(home, ['status', '--watch'])
  const json = program(home, ['status', '--watch', '--json'])
  await expect.poll(() => text.said(), PATIENT).toContain('2 of 2 credentials ready')
  await expect.poll(() => json.said(), PATIENT).toContain('\n')
  await benchFirst(home)
  await expect.poll(() => text.said(), PATIENT).toContain('1 of 2 credentials ready')
  await expect.poll(() => json.said().trim().split('\n').length, PATIENT).toBe(2)
  for (const each of [text, json]) each.process.kill('SIGINT')
  expect([await text.ended(), await json.ended()]).toEqual([0, 0])
  expect(text.said()).not.toContain('\u001B')
  expect(text.said().match(/credentials ready/g)).toHaveLength(2)
  const [before, after] = json
    .said()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { ready: number; pools: [{ credentials: [Record<string, unknown>] }] })
  expect(before?.ready).toBe(2)
  expect(after).toMatchObject({
    ready: 1,
    pools: [
      {
        credentials: [
          {
            label: 'alice',
            status: 'benched',
            quota: null,
            benches: [{ reason: 'quota_exhausted', time_source: 'header', rule: 'openai/usage-limit', call: 'call_1' }],
          },
          { label: 'bob', status: 'ready' },
        ],
      },
    ],
  })
  expect(after?.pools[0].credentials[0]['time_left_ms']).toBeGreaterThan(3 * HOUR)
}, 180_000)
