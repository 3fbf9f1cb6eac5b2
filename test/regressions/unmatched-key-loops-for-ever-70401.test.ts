import { describe, expect, it } from 'vitest'
import { CredentialPool } from '../../src/pool/pool.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { requestOf } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** The key that failed was not in the pool, so nothing was ever marked: about six requests a second, 681 rotations, until somebody looked. */
const REFUSED = { status: 401, body: { error: { message: 'Unauthorized' } } }
const ALL = '70401, 70412, 70941, 70975, 75174'

describe(`a 401 from every key (${ALL})`, () => {
  it('ends after one lap', async () => {
    const relay = await relayBefore({
      routes: [{ provider: 'openai', tokens: ['a', 'b', 'c', 'd'] }],
      answer: () => REFUSED,
    })
    expect((await relay.call()).status).toBeGreaterThanOrEqual(400)
    expect(new Set(relay.sent.map(({ token }) => token)).size).toBe(relay.sent.length)
  })

  it('ends even where nobody can be marked: this process holds another key than the pool knows', async () => {
    const source = { kind: 'env', variable: 'KEY' } as const
    const relay = await relayBefore({
      routes: [{ provider: 'openai', tokens: [{ label: 'a', source, fingerprint: fingerprintOf('old') }] }],
      pool: { references: { environment: () => 'old' } },
      answer: () => REFUSED,
    })
    const { store, platform } = relay
    expect((await relay.pool.acquire(requestOf())).kind).toBe('lease')
    const young = new CredentialPool({
      store,
      platform,
      strategyFor: () => 'fill_first',
      references: { environment: () => 'new' },
    })
    expect((await young.acquire(requestOf())).kind).toBe('lease')

    expect((await relay.call()).status).toBe(401)
    expect(relay.tokens()).toEqual(['old'])
    expect(await relay.benched()).toEqual([])
  })
})
