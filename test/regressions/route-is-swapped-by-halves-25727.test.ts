import { describe, expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** On a fallback the model went to the address of the provider before (a 404, and back), or two endpoints of one type were taken for one, or the fallback ran without its own pool. */
const EMPTY = { status: 429, body: { error: { code: 'insufficient_quota', message: 'no quota' } } }

describe('a route is one thing: model, address, pool and key change together', () => {
  it('between two providers, through the whole pool of each (25727, 56885, 49799)', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', model: 'model-a', tokens: ['a1', 'a2'] },
        { provider: 'openrouter', model: 'vendor/model-b', tokens: ['b1', 'b2'] },
      ],
      answer: ({ token }) => (token === 'b2' ? 'good' : EMPTY),
    })
    expect((await relay.call()).headers).toMatchObject({
      'x-sparekey-route': 'openrouter/vendor/model-b',
      'x-sparekey-credential': 'b2',
    })
    expect(relay.sent.map(({ url, model, token }) => [new URL(url).hostname, model, token])).toEqual([
      ['openai.test', 'model-a', 'a1'],
      ['openai.test', 'model-a', 'a2'],
      ['openrouter.test', 'vendor/model-b', 'b1'],
      ['openrouter.test', 'vendor/model-b', 'b2'],
    ])
  })

  it('between two endpoints of the same type (46545)', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'lab', type: 'openai-compatible', model: 'qwen', tokens: ['l'] },
        { provider: 'shop', type: 'openai-compatible', model: 'llama', tokens: ['s'] },
      ],
      answer: ({ token }) => (token === 's' ? 'good' : EMPTY),
    })
    expect((await relay.call()).status).toBe(200)
    expect((await relay.call()).status).toBe(200)
    expect(relay.sent.map(({ url, model, token }) => [new URL(url).hostname, model, token])).toEqual([
      ['lab.test', 'qwen', 'l'],
      ['shop.test', 'llama', 's'],
      ['shop.test', 'llama', 's'],
    ])
    expect(await relay.benched()).toEqual(['l: billing'])
  })
})
