import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { benchOf, credentialOf, DAY, HOUR, MINUTE, newCredential, START } from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import type { Bench } from './bench.ts'
import { BenchBook } from './bench-book.ts'
import { Holder } from './holder.ts'
import { ProbeDesk, type ProbeDeskDependencies } from './probe-desk.ts'
import type { QuotaReading } from './quota.ts'
import type { DueTrial } from './selection.ts'
import { TrialDesk } from './trial-desk.ts'
import type { UsageAnswer } from './usage-probe.ts'

const ROOM: UsageAnswer = { windows: [{ name: '7d', usedPercent: 12 }] }
const FULL: UsageAnswer = { windows: [{ name: '7d', usedPercent: 100, resetAt: START + 3 * DAY }] }

async function probing(answer: () => Promise<UsageAnswer | undefined>, given: Partial<ProbeDeskDependencies> = {}) {
  const disk = refusingStore()
  for (const name of ['a', 'b']) await disk.store.addCredential(newCredential(name), 0)
  await disk.store.changeBench('cred_a', '*', () => benchOf())
  const platform = manualPlatform(START)
  const trouble = () => undefined
  const holder = new Holder('mine', disk.store.places, platform, trouble)
  const asked: number[] = []
  const recorded: QuotaReading[] = []
  const desk = new ProbeDesk({
    book: new BenchBook(disk.store, trouble),
    trials: new TrialDesk(disk.store, platform.clock, holder, trouble),
    platform,
    canProbe: (provider) => provider === 'openai',
    readSecret: () => Promise.resolve({ token: 't' }),
    quotaOf: () => Promise.resolve(undefined),
    record: (reading) => recorded.push(reading),
    probe: () => {
      asked.push(platform.clock.now() - START)
      return answer()
    },
    ...given,
  })
  const due = (bench: Partial<Bench> = {}, credential = credentialOf()): DueTrial => {
    const tested = benchOf(bench)
    return { credential, bench: tested, scope: tested.scope }
  }
  const benches = async () => (await disk.store.snapshot()).benches
  /** Asks in the background, and waits for it. */
  const later = async (...trials: DueTrial[]) => {
    desk.inBackground(trials)
    await desk.settle()
  }
  return { ...disk, platform, desk, asked, recorded, due, benches, later }
}

const says = (answer: UsageAnswer | undefined) => () => Promise.resolve(answer)

describe('asking a usage endpoint', () => {
  it('lifts a bench whose account has room, and keeps what was said', async () => {
    const { desk, due, benches, recorded } = await probing(says({ ...ROOM, planType: 'plus', creditsBalance: 3 }))
    expect(await desk.test(due())).toBe('lifted')
    expect(await benches()).toEqual([])
    expect(recorded).toEqual([
      {
        credentialId: 'cred_a',
        windows: ROOM.windows,
        source: 'usage',
        readAtMs: START,
        planType: 'plus',
        creditsBalance: 3,
      },
    ])
  })

  it('keeps a bench whose account is still full, until the provider’s own reset', async () => {
    const { desk, due, benches, recorded } = await probing(says(FULL))
    expect(await desk.test(due())).toBe('stands')
    expect(await benches()).toMatchObject([{ untilMs: START + 3 * DAY }])
    expect(recorded).toEqual([{ credentialId: 'cred_a', windows: FULL.windows, source: 'usage', readAtMs: START }])
  })

  it('is dated by the question, not by the answer', async () => {
    let platform = manualPlatform()
    const world = await probing(() => {
      platform.advance(5 * MINUTE)
      return Promise.resolve(ROOM)
    })
    platform = world.platform
    await world.desk.test(world.due())
    expect(world.recorded[0]?.readAtMs).toBe(START)
  })

  it('proves nothing when there is no answer, no secret, or nothing in it', async () => {
    const silent = await probing(says(undefined))
    expect(await silent.desk.test(silent.due())).toBe('unknown')
    const locked = await probing(says(ROOM), { readSecret: () => Promise.reject(new Error('no secret')) })
    expect(await locked.desk.test(locked.due())).toBe('unknown')
    const empty = await probing(says({ windows: [] }))
    expect(await empty.desk.test(empty.due())).toBe('unknown')
    for (const world of [silent, locked, empty]) expect(await world.benches()).toEqual([benchOf()])
    expect([silent.recorded, locked.recorded, locked.asked]).toEqual([[], [], []])
  })

  it('proves nothing about a bench that was lifted meanwhile, or about a newer key', async () => {
    const lifted = await probing(says(ROOM))
    await lifted.store.changeBench('cred_a', '*', () => null)
    expect(await lifted.desk.test(lifted.due())).toBe('unknown')
    const renewed = await probing(says(ROOM))
    await renewed.store.replaceSecret('cred_a', { token: 'new' }, 'f2')
    expect(await renewed.desk.test(renewed.due())).toBe('unknown')
    expect(await renewed.benches()).toEqual([benchOf()])
  })

  it('knows the plan of before: another one is a new account', async () => {
    const quotaOf = (credentialId: string) => Promise.resolve({ credentialId, windows: [], planType: 'free' })
    const { desk, due } = await probing(says({ windows: [], planType: 'plus' }), { quotaOf })
    expect(await desk.test(due())).toBe('lifted')
    const same = await probing(says({ windows: [], planType: 'free' }), { quotaOf })
    expect(await same.desk.test(same.due())).toBe('unknown')
  })

  it.each<[string, Partial<Bench>, string, boolean]>([
    ['used up', {}, 'openai', true],
    ['without credits', { reason: 'billing' }, 'openai', true],
    ['throttled', { reason: 'rate_limit' }, 'openai', false],
    ['refused', { reason: 'auth_expired' }, 'openai', false],
    ['used up at a provider without such an endpoint', {}, 'anthropic', false],
  ])('is of use for an account that is %s: %s', async (_, bench, provider, is) => {
    const { desk, due, asked, later } = await probing(says(ROOM))
    const tested = due(bench, credentialOf({ provider }))
    await later(tested)
    await desk.test(tested)
    expect(asked.length > 0).toBe(is)
  })
})

describe('asking in the background', () => {
  it('happens once, however many calls come', async () => {
    const { desk, due, asked, benches } = await probing(says(ROOM))
    for (let call = 0; call < 10; call += 1) desk.inBackground([due()])
    await desk.settle()
    expect([asked.length, await benches()]).toEqual([1, []])
  })

  it('is for each bench by itself', async () => {
    const { later, due, asked } = await probing(says(undefined))
    const other = credentialOf({ id: 'cred_b' })
    await later(due(), due({ scope: 'm' }), due({ credentialId: 'cred_b' }, other))
    expect(asked).toHaveLength(3)
  })

  it('is done less and less often while the endpoint is silent, an hour apart at most', async () => {
    const { later, due, asked, platform } = await probing(says(undefined))
    for (let minute = 0; minute < 6 * 60; minute += 1) {
      await later(due())
      platform.advance(MINUTE)
    }
    expect(asked.map((ms) => ms / MINUTE)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303])
  })

  it('is begun anew after an answer, and not before a minute has passed', async () => {
    let answer: UsageAnswer | undefined
    const { later, due, asked, platform } = await probing(() => Promise.resolve(answer))
    await later(due())
    platform.advance(MINUTE)
    await later(due())
    expect(asked).toHaveLength(2)
    answer = FULL
    platform.advance(2 * MINUTE)
    await later(due())
    answer = undefined
    await later(due())
    platform.advance(MINUTE - 1)
    await later(due())
    expect(asked).toHaveLength(4)
    platform.advance(1)
    await later(due())
    expect(asked).toHaveLength(5)
  })

  it('waits while somebody else tests, and lets others test afterwards', async () => {
    const { later, due, asked, store, platform } = await probing(says(undefined))
    const claim = { credentialId: 'cred_a', scope: '*', holder: 'other', untilMs: START + HOUR }
    await store.claimTrial(claim, START)
    await later(due())
    expect(asked).toEqual([])
    await store.endTrial('cred_a', '*', 'other')
    platform.advance(MINUTE)
    await later(due())
    expect(asked).toHaveLength(1)
    expect(await store.claimTrial(claim, platform.clock.now())).toBe(true)
  })

  it('hurts nobody when it fails, and gives its claim back', async () => {
    const { later, due, store, platform } = await probing(() => Promise.reject(new Error('a bug')))
    await expect(later(due())).resolves.toBeUndefined()
    const claim = { credentialId: 'cred_a', scope: '*', holder: 'other', untilMs: START + HOUR }
    expect(await store.claimTrial(claim, platform.clock.now())).toBe(true)
  })
})
