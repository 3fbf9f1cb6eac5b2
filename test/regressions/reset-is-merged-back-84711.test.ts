import { describe, expect, it } from 'vitest'
import { CredentialPool } from '../../src/pool/pool.ts'
import { DAY, failureOf, requestOf, testPool, verdictOf } from '../support/pool-fixtures.ts'

/** `auth reset` did nothing: the process that was running wrote its old status back. */
describe('a reset wins (84711, 79636, 93853)', () => {
  it('over what a running process remembers', async () => {
    const { store, platform, who, failWith } = await testPool(['a', 'b'])
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + 5 * DAY })
    expect(await who()).toBe('b')
    platform.advance(1)
    await store.resetCredential('cred_a', platform.clock.now())
    expect(await who()).toBe('a')
    await failWith('rate_limit', {}, { preferred: 'cred_b' })
    expect(await who()).toBe('a')
  })

  it('over verdicts of calls that were under way, in any process', async () => {
    const { store, platform, lend, benches, who } = await testPool(['a'])
    const other = new CredentialPool({ store, platform, strategyFor: () => 'fill_first' })
    const mine = await lend()
    const theirs = await other.acquire(requestOf())
    platform.advance(1)
    await store.resetCredential('cred_a', platform.clock.now())
    const failure = failureOf('quota_exhausted', platform.clock.now(), { resetAt: platform.clock.now() + DAY })
    await mine.fail(verdictOf(failure))
    if (theirs.kind === 'lease') await theirs.lease.fail(verdictOf(failure))
    expect(await benches()).toEqual([])
    expect(await who()).toBe('a')
  })

  it('and even over death', async () => {
    const { store, platform, who, failWith } = await testPool(['a'])
    await failWith('auth_revoked')
    await store.resetCredential('cred_a', platform.clock.now() + 1)
    expect(await who()).toBe('a')
  })
})
