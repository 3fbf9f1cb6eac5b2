import { expect, it } from 'vitest'
import { DAY, newCredential, testPool } from '../support/pool-fixtures.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'

/** Reading the same login again from its file overwrote the status: the empty account was asked again. A status belongs to a token generation. */
it('the same secret read again lifts nothing; a new one does (16486)', async () => {
  const source = { kind: 'env', variable: 'KEY' } as const
  let value = 'sk-one'
  const { failWith, who, store, platform } = await testPool(
    [newCredential('a', { source, fingerprint: fingerprintOf('sk-one') }), 'b'],
    { references: { environment: () => value } },
  )
  await failWith('quota_exhausted', { resetAt: platform.clock.now() + 5 * DAY })
  expect(await who()).toBe('b')
  const again = newCredential('again', { source, fingerprint: fingerprintOf('sk-one') })
  await expect(store.addCredential(again, platform.clock.now())).rejects.toMatchObject({ code: 'duplicate_credential' })
  await store.setPriority('cred_a', -1)
  expect(await who()).toBe('b')
  value = 'sk-two'
  expect(await who()).toBe('a')
})
