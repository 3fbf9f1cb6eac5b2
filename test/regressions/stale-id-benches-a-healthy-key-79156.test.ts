import { describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { CredentialPool } from '../../src/pool/pool.ts'
import { failureOf, newCredential, requestOf, testPool, verdictOf } from '../support/pool-fixtures.ts'

/** An id was kept while the key behind it changed: verdicts about the old key hit the new one. */
describe('a verdict about a key that is not there any more benches nobody', () => {
  it('when the key was changed during the attempt (79156, 82149)', async () => {
    const { lend, store, benches, who, platform } = await testPool(['a', 'b'])
    const lease = await lend()
    await store.replaceSecret('cred_a', { token: 'new' }, fingerprintOf('new'))
    await lease.fail(verdictOf(failureOf('auth_revoked', platform.clock.now())))
    expect(await benches()).toEqual([])
    expect(await who()).toBe('a')
  })

  it('when a process that still holds the old key goes on failing (117943)', async () => {
    const source = { kind: 'env', variable: 'KEY' } as const
    const names = ['a', 'b'].map((name) => newCredential(name, { source, fingerprint: fingerprintOf(`old-${name}`) }))
    let value = 'old-a'
    const old = await testPool(names.slice(0, 1), { references: { environment: () => value } })
    const { store, platform } = old
    expect(await old.who()).toBe('a')
    const young = new CredentialPool({
      store,
      platform,
      strategyFor: () => 'fill_first',
      references: { environment: () => 'new-a' },
    })
    expect((await young.acquire(requestOf())).kind).toBe('lease')
    for (let call = 0; call < 5; call += 1) await old.failWith('auth_revoked')
    expect(await old.benches()).toEqual([])
    value = 'new-a'
    expect(await old.who()).toBe('a')
  })
})
