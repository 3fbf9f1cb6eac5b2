import { expect, it } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { ask } from '../support/client.ts'
import { countingUpstream } from '../support/counting-upstream.ts'
import { type Served, served } from '../support/served.ts'
import { atHome, homeWith } from '../support/sqlite-home.ts'

const KEYS = ['key-a', 'key-b', 'key-c']
const CALLS = 1_000
const CALLERS = 24
const KILLS = 5
const FREED_WITHIN_MS = 5_000
/** Counters are written 200 ms after the first call that they count; the rest is for a machine that runs four processes on two cores. */
const NOT_WRITTEN_YET_MS = 1_500

interface Answered {
  readonly by: Served
  readonly atMs: number
}

const usesOf = (home: string): Promise<number> =>
  atHome(home, async ({ readings }) => {
    const { uses } = await readings.current()
    return [...uses.values()].reduce((sum, { count }) => sum + count, 0)
  })

it('kill -9 of processes at random during 1,000 calls: no account is stuck, no limit is broken, counters stay true', async () => {
  const random = seededRandom(7)
  const upstream = await countingUpstream(3)
  const home = await homeWith('openai', KEYS)
  const settings = { openai: { baseUrl: upstream.url, maxConcurrent: 2, strategy: 'least_used' } }
  const living: Served[] = await Promise.all([1, 2, 3].map(() => served(home, settings)))
  const answered: Answered[] = []
  const killedAtMs = new Map<Served, number>()
  const replacements: Promise<void>[] = []
  const killAt = Array.from({ length: KILLS }, (_, index) => Math.floor(((index + random.next()) * CALLS) / KILLS))

  const startAnother = async () => {
    living.push(await served(home, settings))
  }
  const replaceOne = () => {
    const [victim] = living.splice(Math.floor(random.next() * living.length), 1)
    if (victim === undefined) return
    killedAtMs.set(victim, systemPlatform.clock.now())
    victim.process.kill('SIGKILL')
    replacements.push(startAnother())
  }
  let given = 0
  let begun = 0
  const callers = Array.from({ length: CALLERS }, async () => {
    while (given < CALLS) {
      given += 1
      // Whoever asked a process that was killed asks another one: that call is not lost, only its first way.
      for (;;) {
        if (living.length === 0) await Promise.race(replacements)
        const gateway = living[Math.floor(random.next() * living.length)]
        if (gateway === undefined) continue
        begun += 1
        if (begun > (killAt[0] ?? Number.POSITIVE_INFINITY) && living.length > 1) {
          killAt.shift()
          replaceOne()
        }
        const reading = await ask(gateway.url, 'chat-completions', false).catch(() => undefined)
        if (reading === undefined) continue
        expect(reading).toMatchObject({ status: 200, ending: 'complete' })
        answered.push({ by: gateway, atMs: systemPlatform.clock.now() })
        break
      }
    }
  })
  await Promise.all(callers)
  await Promise.all(replacements)
  expect(answered).toHaveLength(CALLS)
  expect(killedAtMs.size).toBe(KILLS)
  for (const key of KEYS) expect(upstream.most.get(key) ?? 0).toBeLessThanOrEqual(2)

  for (const gateway of living) gateway.process.kill('SIGTERM')
  expect(await Promise.all(living.map((each) => each.ended()))).toEqual(living.map(() => 0))
  const { credentials, benches } = await atHome(home, (store) => store.snapshot())
  expect(credentials.map(({ label }) => label)).toEqual(KEYS)
  expect(benches).toEqual([])
  const lastKillMs = Math.max(...killedAtMs.values())
  const stillHeld = await atHome(home, ({ places }) => places.takenByOthers('nobody', lastKillMs + FREED_WITHIN_MS))
  expect(stillHeld).toEqual(new Map())

  // Never more than was asked; less only by what a killed process had not written yet.
  const arrivals = KEYS.reduce((sum, key) => sum + (upstream.arrivals.get(key)?.length ?? 0), 0)
  const certain = answered.filter(
    ({ by, atMs }) => atMs < (killedAtMs.get(by) ?? Number.POSITIVE_INFINITY) - NOT_WRITTEN_YET_MS,
  ).length
  const counted = await usesOf(home)
  expect(certain).toBeGreaterThan(CALLS / 4)
  expect(counted).toBeGreaterThanOrEqual(certain)
  expect(counted).toBeLessThanOrEqual(arrivals)

  // What the dead left behind is free: a new process fills every place of every account, and counts exactly.
  const later = await served(home, settings)
  const after = await Promise.all(Array.from({ length: 30 }, () => ask(later.url, 'chat-completions', false)))
  expect(after.filter(({ ending }) => ending === 'complete')).toHaveLength(30)
  later.process.kill('SIGTERM')
  expect(await later.ended()).toBe(0)
  expect(await usesOf(home)).toBe(counted + 30)
}, 120_000)
