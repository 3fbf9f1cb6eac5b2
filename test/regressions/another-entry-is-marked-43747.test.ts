import { expect, it } from 'vitest'
import { failureOf, HOUR, testPool, verdictOf } from '../support/pool-fixtures.ts'

/** The entry that the pool's cursor stood on was marked, although another task had moved it since. */
it('a verdict is about the credential of its attempt, wherever the pool stands by then (43747, 43755)', async () => {
  const { lend, failWith, benches, platform } = await testPool(['a', 'b', 'c'])
  const slow = await lend()
  await failWith('rate_limit', { retryAfterMs: HOUR })
  const other = await lend()
  expect([slow.credential.label, other.credential.label]).toEqual(['a', 'b'])
  await slow.fail(
    verdictOf(failureOf('quota_exhausted', platform.clock.now(), { resetAt: platform.clock.now() + 9 * HOUR })),
  )
  expect((await benches()).map(({ credentialId, reason }) => [credentialId, reason])).toEqual([
    ['cred_a', 'quota_exhausted'],
  ])
  await other.succeed()
  expect(await benches()).toHaveLength(1)
})
