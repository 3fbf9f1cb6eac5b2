import { describe, expect, it } from 'vitest'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** Keys were pooled by the type of provider: the key of one endpoint was sent to another. */
const EMPTY = { status: 429, body: { error: { code: 'insufficient_quota', message: 'no quota' } } }

describe('a key goes to its own endpoint only (68237)', () => {
  it('with two endpoints of the same type', async () => {
    const relay = await relayBefore({
      routes: ['lab', 'shop'].map((provider) => ({
        provider,
        type: 'openai-compatible',
        tokens: [`${provider}-1`, `${provider}-2`],
      })),
      answer: ({ token }) => (token === 'shop-2' ? 'good' : EMPTY),
    })
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['lab-1', 'lab-2', 'shop-1', 'shop-2'])
    for (const { url, token } of relay.sent) expect(new URL(url).hostname).toBe(`${token.split('-')[0]}.test`)
  })

  it('with a key that has an address of its own in a pool of others', async () => {
    const relay = await relayBefore({
      routes: [{ provider: 'openai', tokens: [{ label: 'own', baseUrl: 'http://own.test/v1' }, 'common'] }],
      answer: ({ token }) => (token === 'own' ? EMPTY : 'good'),
    })
    expect((await relay.call()).status).toBe(200)
    expect(relay.sent.map(({ url, token }) => [new URL(url).hostname, token])).toEqual([
      ['own.test', 'own'],
      ['openai.test', 'common'],
    ])
  })

  it('even to ask for usage', () => {
    for (const { id, usageProbe } of Object.values(PROVIDERS)) {
      const url = usageProbe?.request({ token: 't', accountId: 'x' }, 'https://stand-in.test/backend-api/codex').url
      if (url !== undefined) expect([id, new URL(url).host]).toEqual([id, 'stand-in.test'])
    }
  })
})
