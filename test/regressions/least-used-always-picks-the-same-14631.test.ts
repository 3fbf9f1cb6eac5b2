import { expect, it } from 'vitest'
import { CredentialPool } from '../../src/pool/pool.ts'
import { requestOf, SECOND, testPool } from '../support/pool-fixtures.ts'

/** The counter was neither written nor counted: the same key took every call. */
const LEAST_USED = { strategyFor: () => 'least_used' as const }

it('calls spread evenly before anything is written (14631, 4453)', async () => {
  const { who } = await testPool(['a', 'b', 'c'], LEAST_USED)
  const served: string[] = []
  for (let call = 0; call < 9; call += 1) served.push(await who())
  for (const name of ['a', 'b', 'c']) expect(served.filter((each) => each === name)).toHaveLength(3)
})

it('another process, or the same after a restart, goes on from the counters (46501)', async () => {
  const { who, store, platform, pool } = await testPool(['a', 'b', 'c'], LEAST_USED)
  await who()
  await who()
  await pool.close()
  platform.advance(SECOND)
  const restarted = new CredentialPool({ store, platform, ...LEAST_USED })
  const acquired = await restarted.acquire(requestOf())
  expect(acquired.kind === 'lease' && acquired.lease.credential.label).toBe('c')
})

it('what was just written still counts, although the store was not read again (14631)', async () => {
  const { who, platform, pool } = await testPool(['a', 'b', 'c'], LEAST_USED)
  expect([await who(), await who()]).toEqual(['a', 'b'])
  platform.advance(200)
  await pool.close()
  expect([await who(), await who()]).toEqual(['c', 'a'])
})
