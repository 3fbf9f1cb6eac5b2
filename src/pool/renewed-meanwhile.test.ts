import { describe, expect, it } from 'vitest'
import { DAY, newCredential, testPool } from '../../test/support/pool-fixtures.ts'
import { MemoryStore } from '../stores/memory.ts'

describe('a secret that is renewed while a place is taken', () => {
  it('is lent in its new generation, so that its failures are charged', async () => {
    const store = new MemoryStore()
    const { lend } = await testPool(['a'], { store, maxConcurrentFor: () => 1 })
    renewDuringTheNextTake(store)
    expect((await lend()).tokenGeneration).toBe(2)
  })

  it('makes a trial needless: the bench of the old one is over', async () => {
    const store = new MemoryStore()
    const { platform, failWith, lend } = await testPool([newCredential('a')], { store, maxConcurrentFor: () => 1 })
    await failWith('quota_exhausted', { retryAfterMs: 30 * DAY })
    platform.advance(DAY)
    renewDuringTheNextTake(store)
    const lease = await lend()
    expect([lease.trial, lease.tokenGeneration]).toEqual([false, 2])
    await lease.release()
    // The trial's own place was given back.
    await (await lend()).release()
  })
})

function renewDuringTheNextTake(store: MemoryStore): void {
  const take = store.places.take.bind(store.places)
  let done = false
  store.places.take = async (...given) => {
    if (!done) {
      done = true
      await store.replaceSecret('cred_a', { token: 'new' }, 'finger-new')
    }
    return take(...given)
  }
}
