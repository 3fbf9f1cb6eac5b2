import { describe, expect, it } from 'vitest'
import { MINUTE, testPool } from '../support/pool-fixtures.ts'

/**
 * A rotation was for ever: the preferred credential was never used again. The strategy is asked for every call; a session that has moved
 * stays where its prompt cache is, unless affinity is off.
 */
const session = 'one'

describe('after a rotation, once the preferred credential is back (114501)', () => {
  it('calls without a session and new sessions go there', async () => {
    const { who, failWith, platform } = await testPool(['a', 'b'])
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + 10 * MINUTE }, { session })
    expect(await who({ session })).toBe('b')
    platform.advance(10 * MINUTE - 1)
    expect([await who(), await who({ session: 'new' })]).toEqual(['b', 'b'])
    platform.advance(1)
    expect([await who(), await who({ session: 'newer' })]).toEqual(['a', 'a'])
  })

  it('with affinity off the same session goes there too', async () => {
    const { who, failWith, platform } = await testPool(['a', 'b'], { affinityFor: () => 'none' })
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + 10 * MINUTE }, { session })
    expect(await who({ session })).toBe('b')
    platform.advance(10 * MINUTE)
    expect(await who({ session })).toBe('a')
  })
})
