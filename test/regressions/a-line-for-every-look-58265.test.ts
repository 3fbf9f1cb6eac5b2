import { expect, it } from 'vitest'
import { DAY, requestOf, testPool } from '../support/pool-fixtures.ts'
import { refreshWorld } from '../support/refresh-world.ts'
import { StoreError } from '../../src/pool/store-contract.ts'

/** `no available entries` at every look: gigabytes of log while an account was used up (58265). Something is said when it changes. */
it('a thousand looks at an empty pool say nothing: each caller is answered with why', async () => {
  const { pool, failWith, troubles, platform } = await testPool(['a'])
  await failWith('quota_exhausted', { resetAt: platform.clock.now() + 5 * DAY })
  for (let look = 0; look < 1_000; look += 1)
    expect(await pool.acquire(requestOf())).toMatchObject({ kind: 'nothing', why: { total: 1, benched: 1 } })
  expect(troubles).toEqual([])
})

it('a recovery file that cannot be opened is said once, however often it is looked at', async () => {
  const world = await refreshWorld()
  const { refreshes } = world.store
  const store = new Proxy(refreshes, {
    get: (target, name: keyof typeof refreshes) =>
      name === 'asides'
        ? (onUnreadable: (message: string) => void) => {
            onUnreadable('refreshed-x-1.sealed is damaged')
            return Promise.resolve([])
          }
        : name === 'begin'
          ? () => Promise.reject(new StoreError('locked', 'locked'))
          : target[name].bind(target),
  })
  const one = world.process({ store })
  for (let look = 0; look < 50; look += 1) await one.recover()
  expect(world.troubles).toEqual(['refreshed-x-1.sealed is damaged'])
})
