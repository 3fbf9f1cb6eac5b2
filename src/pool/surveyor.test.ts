import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { benchOf, credentialOf, DAY, requestOf, START } from '../../test/support/pool-fixtures.ts'
import { MemoryStore } from '../stores/memory.ts'
import type { Bench } from './bench.ts'
import type { Credential } from './credential.ts'
import { Holder } from './holder.ts'
import { PlaceDesk } from './place-desk.ts'
import { indexCredentials, viewOf } from './pool-view.ts'
import { ReferencedSecrets } from './referenced-secrets.ts'
import { Surveyor } from './surveyor.ts'

const credential = credentialOf()

function seen(benches: readonly Bench[], credentials: readonly Credential[] = [credential]) {
  return viewOf({ revision: 1, credentials, benches }, indexCredentials(credentials, undefined), [])
}

function surveying(limit = 0) {
  const platform = manualPlatform(START)
  const { places } = new MemoryStore()
  const desk = new PlaceDesk(
    places,
    new Holder('me', places, platform, () => undefined),
    platform.clock,
    () => undefined,
  )
  const environment: Record<string, string> = {}
  const references = new ReferencedSecrets({ environment: (name) => environment[name] }, platform.clock)
  const surveyor = new Surveyor(platform.clock, desk, references, () => limit)
  /** Takes places of this process. */
  const take = async (count: number) => {
    for (let place = 0; place < count; place += 1) await desk.take(credential.id, 0)
  }
  return { platform, surveyor, take, environment }
}

describe('a survey of one call', () => {
  it('is everybody where nobody has any trouble, and is made once where somebody has', () => {
    const { surveyor, platform } = surveying()
    const untroubled = seen([])
    expect(surveyor.of(untroubled, requestOf())).toEqual({
      ready: [credential],
      trialsDue: [],
      why: { total: 1, benched: 0, dead: 0, tried: 0, busy: 0 },
    })
    expect(surveyor.of(untroubled, requestOf()).ready).toBe(untroubled.credentialsOf('openai'))
    const troubled = seen([benchOf({ trialAtMs: START + DAY })])
    const first = surveyor.of(troubled, requestOf())
    expect(first.why).toMatchObject({ total: 1, benched: 1 })
    expect(surveyor.of(troubled, requestOf())).toBe(first)
    platform.advance(DAY)
    expect(surveyor.of(troubled, requestOf()).trialsDue).toHaveLength(1)
  })

  it('is made anew for who has tried somebody, where a place is the last one, and where a variable may change', async () => {
    const { surveyor } = surveying()
    const troubled = seen([benchOf({ scope: 'another' })])
    const fresh = surveyor.of(troubled, requestOf())
    expect(surveyor.of(troubled, requestOf({ tried: new Map([['cred_a', 1]]) })).why.tried).toBe(1)
    expect(surveyor.of(troubled, requestOf())).toBe(fresh)
    const limited = surveying(2)
    expect(limited.surveyor.of(troubled, requestOf()).ready).toHaveLength(1)
    await limited.take(1)
    const kept = limited.surveyor.of(troubled, requestOf())
    expect(limited.surveyor.of(troubled, requestOf())).toBe(kept)
    await limited.take(1)
    expect(limited.surveyor.of(troubled, requestOf()).why.busy).toBe(1)
    expect(limited.surveyor.of(seen([]), requestOf()).ready).toEqual([])
    const env = surveying()
    const view = seen([], [credentialOf({ source: { kind: 'env', variable: 'KEY' } })])
    expect(env.surveyor.of(view, requestOf()).why.missing).toBe(1)
    env.environment['KEY'] = 'sk'
    expect(env.surveyor.of(view, requestOf()).ready).toHaveLength(1)
  })
})

describe('a trial that was due', () => {
  const due = { credential, bench: benchOf(), scope: '*' }
  const now = (benches: readonly Bench[], given: { limit?: number; credentials?: readonly Credential[] } = {}) =>
    surveying(given.limit).surveyor.dueNow(seen(benches, given.credentials), requestOf(), due, 0)

  it('is told as it is now', () => {
    const worse = benchOf({ strikes: 4 })
    expect(now([worse])).toEqual({ credential, bench: worse, scope: '*' })
  })

  it.each<[string, readonly Bench[], readonly Credential[]]>([
    ['nobody is benched any more', [], [credential]],
    ['its time was put off', [benchOf({ trialAtMs: START + 1 })], [credential]],
    ['another scope is to be tested', [benchOf({ scope: 'gpt-5.5' })], [credential]],
    ['the credential is dead', [benchOf({ dead: true })], [credential]],
    ['the credential is gone', [benchOf()], []],
  ])('is due no more when %s', (_, benches, credentials) => {
    expect(now(benches, { credentials })).toBeUndefined()
  })

  it('needs a place, which may be its own', async () => {
    const { surveyor, take } = surveying(1)
    const ask = (own: 0 | 1) => surveyor.dueNow(seen([benchOf()]), requestOf(), due, own) !== undefined
    expect([ask(0), ask(1)]).toEqual([true, true])
    await take(1)
    expect([ask(0), ask(1)]).toEqual([false, true])
    await take(1)
    expect([ask(0), ask(1)]).toEqual([false, false])
    const free = surveying(0)
    await free.take(9)
    expect(free.surveyor.dueNow(seen([benchOf()]), requestOf(), due, 1)).toBeDefined()
  })
})

describe('a credential whose place is taken', () => {
  const ready = (benches: readonly Bench[], credentials: readonly Credential[] = [credential]) =>
    surveying(1).surveyor.stillReady(seen(benches, credentials), requestOf(), 'cred_a')

  it('is lent as it is now: with a new key, and not with a new bench', () => {
    const renewed = credentialOf({ generation: 2 })
    expect(ready([])).toBe(credential)
    expect(ready([benchOf()], [renewed])).toBe(renewed)
    expect(ready([benchOf()])).toBeUndefined()
    expect(ready([benchOf({ dead: true })])).toBeUndefined()
    expect(ready([], [])).toBeUndefined()
  })

  it('is lent although others seem to have more places than there are: the store has given us one', async () => {
    const { surveyor, take } = surveying(1)
    await take(5)
    expect(surveyor.stillReady(seen([]), requestOf(), 'cred_a')).toBe(credential)
  })
})
