import { describe, expect, it } from 'vitest'
import { failureOf, MINUTE, testPool, verdictOf } from '../../test/support/pool-fixtures.ts'
import { CredentialPool } from './pool.ts'

const session = 'conversation-1'

describe('a session', () => {
  it.each(['round_robin', 'random', 'least_used', 'quota_aware'] as const)(
    'stays on its credential with %s',
    async (name) => {
      const { who } = await testPool(['a', 'b', 'c'], { strategyFor: () => name })
      const first = await who({ session })
      for (let call = 0; call < 12; call += 1) {
        await who({ session: `other-${call}` })
        expect(await who({ session })).toBe(first)
      }
    },
  )

  it('moves when its credential is benched, says from where, and stays at the new place', async () => {
    const { lend, who, platform } = await testPool(['a', 'b', 'c'])
    const first = await lend({ session })
    expect(first.choice).toMatchObject({ because: 'fill_first' })
    await first.fail(verdictOf(failureOf('quota_exhausted', platform.clock.now())))
    const moved = await lend({ session })
    expect(moved.credential.label).toBe('b')
    expect(moved.choice.movedFrom).toBe('cred_a')
    expect(moved.choice.others()).toEqual([
      { label: 'a', standing: expect.stringMatching(/^quota_exhausted until 2026-01-01T01:00:00/) },
      { label: 'c', standing: 'ready' },
    ])
    await moved.succeed()
    platform.advance(61 * MINUTE)
    // The first is back, but the session's cache is at the second.
    expect(await who({ session })).toBe('b')
    expect((await lend({ session })).choice.because).toBe('session')
    expect(await who({ session: 'new' })).toBe('a')
  })

  it('is found by another process, and by one that starts later', async () => {
    const { store, platform, lend, pool } = await testPool(['a', 'b'], { strategyFor: () => 'round_robin' })
    await (await lend()).release()
    const lease = await lend({ session })
    await lease.succeed()
    await pool.close()
    const other = new CredentialPool({ store, platform, strategyFor: () => 'fill_first' })
    const acquired = await other.acquire({ provider: 'openai', model: 'gpt-5.5', tried: new Map(), session })
    expect(acquired.kind === 'lease' && acquired.lease.credential.id).toBe(lease.credential.id)
    expect(lease.credential.label).toBe('b')
  })

  it('is nothing when affinity is off: then the strategy picks for every call', async () => {
    const { who } = await testPool(['a', 'b'], { strategyFor: () => 'round_robin', affinityFor: () => 'none' })
    expect([await who({ session }), await who({ session }), await who({ session })]).toEqual(['a', 'b', 'a'])
  })

  it('of one provider says nothing about another', async () => {
    const { store, lend } = await testPool(['a', 'b'])
    await (await lend({ session, preferred: 'cred_b' })).release()
    expect(await store.sessions.find('anthropic', session)).toBeUndefined()
  })
})

describe('the minimum rotation interval', () => {
  it('keeps a strategy from moving too often; a failure moves on at once', async () => {
    const { who, lend, platform } = await testPool(['a', 'b'], {
      strategyFor: () => 'round_robin',
      minRotationIntervalMsFor: () => MINUTE,
    })
    expect([await who(), await who(), await who()]).toEqual(['a', 'a', 'a'])
    platform.advance(MINUTE - 1)
    expect(await who()).toBe('a')
    platform.advance(1)
    const next = await lend()
    expect(next.credential.label).toBe('b')
    await next.fail(verdictOf(failureOf('quota_exhausted', platform.clock.now())))
    expect(await who()).toBe('a')
  })
})
