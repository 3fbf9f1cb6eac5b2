import { describe, expect, it } from 'vitest'
import { Refresher } from '../../src/oauth/refresh.ts'
import type { Renewal } from '../../src/oauth/refresh-outcome.ts'
import type { Platform } from '../../src/platform/platform.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import type { RefreshStore } from '../../src/pool/store-contract.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { TokenServer } from '../support/token-server.ts'

/**
 * Every order in which the steps of several processes can follow each other, with a crash at every step, of the refresh protocol as it is
 * shipped (not of a model of it). A step is one transaction of the store, the moment in which the server handles the POST, or the arrival
 * of its answer.
 */
const NOW = 1_767_225_600_000
const CLAIM_MS = 45_000

interface Gate {
  readonly name: string
  readonly open: () => void
}

interface Ending {
  readonly reuses: number
  readonly posts: number
  readonly mostInFlight: number
  /** The refresh token that the store holds is the one that works. */
  readonly alive: boolean
  /** A process died after the server had rotated the token and before the new one was stored. */
  readonly inWindow: boolean
  readonly crashes: readonly string[]
  readonly renewals: ReadonlyArray<Renewal | undefined>
  readonly usedBeforeDurable: boolean
}

/** Runs one schedule. @param choose picks one of `options` at every step */
async function run(
  processes: number,
  mostCrashes: number,
  choose: (options: number, state: () => string) => number | undefined,
): Promise<Ending | undefined> {
  const store = new MemoryStore()
  const server = new TokenServer()
  let nowMs = NOW
  const credential = await store.addCredential(
    {
      id: 'cred_work',
      provider: 'openai-codex',
      label: 'work',
      type: 'oauth',
      source: { kind: 'stored' },
      fingerprint: fingerprintOf('at_0'),
      secret: { token: 'at_0', refreshToken: 'rt_0', expiresAtMs: NOW + 1_000 },
    },
    NOW,
  )
  const gates = new Map<number, Gate>()
  const asleep = new Map<number, () => void>()
  const crashed = new Set<number>()
  const crashes: string[] = []
  const renewals: Array<Renewal | undefined> = Array.from({ length: processes }, () => undefined)
  const answered = new Set<number>()
  const logs: string[][] = Array.from({ length: processes }, () => [])
  let inWindow = false
  let usedBeforeDurable = false

  const gate = (process: number, name: string): Promise<void> =>
    new Promise((resolve) => {
      gates.set(process, { name, open: resolve })
    })
  const start = (process: number): Promise<void> => {
    const platform: Platform = {
      clock: { now: () => nowMs, monotonic: () => nowMs - NOW },
      random: { ...seededRandom(process + 1), id: (prefix) => `${prefix}_${process}` },
      timers: {
        sleep: (ms, signal) =>
          signal === undefined
            ? new Promise((resolve) => {
                asleep.set(process, () => resolve('elapsed'))
              })
            : new Promise(() => undefined),
        after: () => () => undefined,
        every: () => () => undefined,
      },
    }
    const real = store.refreshes
    const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      await gate(process, name)
      const result = await work()
      // All that a process knows is what its own steps returned: two states with the same logs go on alike.
      logs[process]?.push(`${name} ${JSON.stringify(result)}`)
      return result
    }
    const gated: RefreshStore = {
      look: (id) => step('look', () => real.look(id)),
      begin: (claim, at) => step('begin', () => real.begin(claim, at)),
      commit: (renewed) =>
        step('commit', async () => {
          answered.delete(process)
          return real.commit(renewed)
        }),
      end: (ended) => step('end', () => real.end(ended)),
      setAside: (renewed) => real.setAside(renewed),
      asides: () => real.asides(),
      dropAside: (renewed) => real.dropAside(renewed),
    }
    const refresher = new Refresher({
      store: gated,
      platform,
      wayOf: () => ({ machine: false }),
      ask: async (_credential, refreshToken) => {
        server.arrive()
        await gate(process, 'send')
        const reply = server.refresh(refreshToken, nowMs)
        if (reply.kind === 'tokens') answered.add(process)
        logs[process]?.push(`send ${reply.kind}`)
        await gate(process, 'deliver')
        server.leave()
        return reply
      },
      fingerprintOf,
      onTrouble: () => undefined,
      claimMs: CLAIM_MS,
    })
    return refresher.renew(credential, 1, { ms: 1 }).then(async (renewal) => {
      renewals[process] = renewal
      if (renewal.kind !== 'renewed') return
      const stored = await real.look('cred_work')
      if ((stored?.generation ?? 0) < renewal.generation) usedBeforeDurable = true
    })
  }
  for (let process = 0; process < processes; process += 1) void start(process)
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve))
    const ready = [...gates.keys()].sort(inOrder)
    if (ready.length === 0) {
      if (asleep.size === 0) break
      // Only time can help: a claim of a process that died ends.
      nowMs += CLAIM_MS + 1
      wake()
      continue
    }
    const mayCrash = crashes.length < mostCrashes ? ready : []
    const choice = choose(ready.length + mayCrash.length, () =>
      JSON.stringify([
        logs,
        [...gates].map(([at, { name }]) => `${at}${name}`).sort(inOrder),
        [...asleep.keys()].sort(inOrder),
        crashes,
        nowMs,
      ]),
    )
    if (choice === undefined) return undefined
    const process = choice < ready.length ? ready[choice] : mayCrash[choice - ready.length]
    if (process === undefined) throw new Error('no such choice')
    const chosen = gates.get(process)
    gates.delete(process)
    if (choice >= ready.length) {
      crashed.add(process)
      crashes.push(`${process} before ${chosen?.name}`)
      if (chosen?.name === 'send' || chosen?.name === 'deliver') server.leave()
      if (answered.has(process)) inWindow = true
    } else {
      chosen?.open()
      // A claim or a commit may be what a waiting process waits for.
      if (chosen?.name === 'commit' || chosen?.name === 'end') {
        await new Promise((resolve) => setImmediate(resolve))
        wake()
      }
    }
  }
  function wake(): void {
    for (const [process, open] of asleep) {
      asleep.delete(process)
      if (!crashed.has(process)) open()
    }
  }
  const stored = await store.refreshes.look('cred_work')
  return {
    reuses: server.reuses,
    posts: server.posts,
    mostInFlight: server.mostInFlight,
    alive: stored?.secret.refreshToken === server.live,
    inWindow,
    crashes,
    renewals,
    usedBeforeDurable,
  }
}

/** Depth first over all choices. */
async function explore(
  processes: number,
  mostCrashes: number,
  check: (ending: Ending, schedule: readonly number[]) => void,
): Promise<number> {
  const path: Array<{ chosen: number; readonly options: number }> = []
  const seen = new Set<string>()
  for (;;) {
    let depth = 0
    const ending = await run(processes, mostCrashes, (options, state) => {
      const known = path[depth]
      depth += 1
      if (known !== undefined) return known.chosen
      // Where another order has led already, everything that follows has been seen.
      const key = state()
      if (seen.has(key)) return undefined
      seen.add(key)
      path.push({ chosen: 0, options })
      return 0
    })
    if (ending !== undefined)
      check(
        ending,
        path.map(({ chosen }) => chosen),
      )
    while (path.length > 0 && (path.at(-1)?.chosen ?? 0) + 1 >= (path.at(-1)?.options ?? 0)) path.pop()
    const last = path.at(-1)
    if (last === undefined) return seen.size
    last.chosen += 1
  }
}

function inOrder<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function holds(ending: Ending, schedule: readonly number[]): void {
  const story = `${schedule.join(',')} ${JSON.stringify(ending)}`
  expect(ending.mostInFlight, story).toBeLessThanOrEqual(1)
  expect(ending.usedBeforeDurable, story).toBe(false)
  // The one window: the server has answered and the answer is not stored yet. Outside it nothing is ever lost.
  if (ending.inWindow) return
  expect(ending.reuses, story).toBe(0)
  expect(ending.alive, story).toBe(true)
  expect(ending.posts, story).toBeLessThanOrEqual(1)
  for (const renewal of ending.renewals) expect(renewal?.kind ?? 'renewed', story).toBe('renewed')
}

describe('the refresh protocol, explored exhaustively', () => {
  it('two processes, no crash: one POST, both get its tokens', { timeout: 120_000 }, async () => {
    const states = await explore(2, 0, (ending, schedule) => {
      holds(ending, schedule)
      expect(ending.posts).toBe(1)
      expect(ending.renewals.map((each) => each?.kind)).toEqual(['renewed', 'renewed'])
    })
    expect(states).toBeGreaterThan(20)
  })

  it('two processes, crashes at every step: lost only between answer and commit', { timeout: 240_000 }, async () => {
    let lost = 0
    const windows = new Set<string>()
    const states = await explore(2, 2, (ending, schedule) => {
      holds(ending, schedule)
      if (!ending.alive) {
        lost += 1
        for (const crash of ending.crashes) windows.add(crash.replace(/^\d+ /, ''))
      }
    })
    expect(states).toBeGreaterThan(80)
    // The explorer does see the window: otherwise it would prove nothing.
    expect(lost).toBeGreaterThan(0)
    expect(windows.has('before commit')).toBe(true)
  })

  it('three processes, a crash at every step', { timeout: 240_000 }, async () => {
    const states = await explore(3, 1, holds)
    expect(states).toBeGreaterThan(80)
  })
})
