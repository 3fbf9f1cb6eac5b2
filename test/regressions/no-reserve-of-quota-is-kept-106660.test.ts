import { expect, it } from 'vitest'
import { HOUR, testPool } from '../support/pool-fixtures.ts'

/** Accounts were used up to the last percent; somebody wanted to hold some back. */
it('quota_aware leaves an account at its watermark while another has more (106660)', async () => {
  const { pool, who, platform } = await testPool(['a', 'b'], {
    strategyFor: () => 'quota_aware',
    avoidBelowFor: () => 30,
    affinityFor: () => 'none',
  })
  const used = (credentialId: string, usedPercent: number) => {
    platform.advance(1000)
    const readAtMs = platform.clock.now()
    const window = { name: '5h', usedPercent, windowMinutes: 300, resetAt: readAtMs + HOUR }
    pool.observe({ credentialId, windows: [window], source: 'header', readAtMs })
  }
  expect(await who()).toBe('a')
  used('cred_a', 70)
  used('cred_b', 10)
  expect(await who()).toBe('a')
  used('cred_a', 71)
  expect(await who()).toBe('b')
  // The reserve is for the day when nobody has more: then it is used.
  used('cred_b', 95)
  expect(await who()).toBe('a')
})
