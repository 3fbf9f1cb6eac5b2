import { expect, it } from 'vitest'
import { DAY, MINUTE, newCredential, testPool } from '../../test/support/pool-fixtures.ts'

it('a request that may not try a benched credential gets none, and leaves the trial to the next one', async () => {
  const { platform, lend, who, failWith } = await testPool(['a'])
  await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
  platform.advance(15 * MINUTE)
  expect(await who({ noTrial: true })).toBe('nothing')
  const trial = await lend({ noTrial: false })
  expect(trial.trial).toBe(true)
})

it('a request that may not try a benched credential gets a ready one as ever', async () => {
  const { who } = await testPool(['a'])
  expect(await who({ noTrial: true })).toBe('a')
})

it('the credentials of a provider are told in the order of their priority, and no others', async () => {
  const { pool } = await testPool([
    newCredential('late', { priority: 2 }),
    newCredential('first', { priority: 0 }),
    newCredential('elsewhere', { provider: 'anthropic' }),
  ])
  expect((await pool.credentialsOf('openai')).map(({ label }) => label)).toEqual(['first', 'late'])
  expect(await pool.credentialsOf('gemini')).toEqual([])
})
