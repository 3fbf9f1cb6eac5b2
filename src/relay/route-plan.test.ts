import { describe, expect, it } from 'vitest'
import type { Compress } from './compress.ts'
import { SECOND } from '../../test/support/pool-fixtures.ts'
import {
  type Answered,
  type Asked,
  relayBefore,
  type RouteGiven,
  type TestRelay,
} from '../../test/support/relay-fixtures.ts'

const LONG = 'The quick brown fox jumps over the lazy dog. '.repeat(1000)
const IMAGE = [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' }] }]
const TOOLS = [{ type: 'function', name: 'weather', parameters: { type: 'object' } }]
const FORMAT = { format: { type: 'json_schema', name: 'x', schema: {} } }

const skips = (relay: TestRelay) =>
  relay.events.flatMap((event) => (event.type === 'decided' && event.action === 'skip' ? [event.reason] : []))

describe('what a route is known to be able to', () => {
  const two = (capabilities: NonNullable<RouteGiven['capabilities']>, second = {}, compress?: Compress) =>
    relayBefore({
      ...(compress === undefined ? {} : { compress }),
      routes: [
        { provider: 'openai', tokens: ['a'], capabilities },
        { provider: 'openrouter', tokens: ['k'], capabilities: second },
      ],
    })

  it.each([
    ['context', { contextTokens: 5_000 }, { input: LONG }, /about \d+ tokens, and the model's window is 5000/],
    ['output', { maxOutputTokens: 100 }, { max_output_tokens: 101 }, /up to 101 tokens of output.*at most 100/],
    ['tools', { tools: false }, { tools: TOOLS }, /has tools/],
    ['images', { images: false }, { input: IMAGE }, /has images/],
    ['structured output', { structuredOutput: false }, { text: FORMAT }, /by a schema/],
  ])('%s: a call that needs more is not sent there, and its story says why', async (_what, can, more, why) => {
    const relay = await two(can)
    const got = await relay.call({ more })
    expect(relay.tokens()).toEqual(['k'])
    expect(got.headers).toMatchObject({ 'x-sparekey-route': 'openrouter/gpt-5.5', 'x-sparekey-fallback': 'incapable' })
    expect(skips(relay)).toEqual([expect.stringMatching(/^openai\/gpt-5.5: /)])
    expect(skips(relay)[0]).toMatch(why)
    expect(relay.events.at(-1)).toMatchObject({ fallbackReason: 'incapable' })
  })

  it.each([
    ['just enough output', { maxOutputTokens: 100 }, { max_output_tokens: 100 }],
    ['a window that may do', { contextTokens: 9_000 }, { input: LONG }],
    ['tools that are none', { tools: false }, { tools: [] }],
    ['nothing that is needed', { images: false, structuredOutput: false }, {}],
    ['what is unknown', {}, { input: LONG, tools: TOOLS, text: FORMAT, max_output_tokens: 1e9 }],
  ])('%s is for the provider to judge', async (_what, can, more) => {
    const relay = await two(can)
    expect((await relay.call({ more })).headers['x-sparekey-fallback']).toBeUndefined()
    expect(relay.tokens()).toEqual(['a'])
  })

  it('where conversations are made shorter, a window keeps nobody away', async () => {
    const relay = await two({ contextTokens: 10 }, {}, (messages) => Promise.resolve(messages))
    await relay.call({ more: { input: LONG } })
    expect(relay.tokens()).toEqual(['a'])
  })

  it('a later call that fits goes to the first route again, at once', async () => {
    const relay = await two({ images: false })
    await relay.call({ more: { input: IMAGE } })
    await relay.call()
    expect(relay.tokens()).toEqual(['k', 'a'])
  })

  it.each([
    [{ contextTokens: 10 }, { input: LONG }, 400, 'context_length_exceeded'],
    [{ tools: false }, { tools: TOOLS }, 400, 'unsupported_parameter'],
  ])('%j everywhere: a typed refusal, and nobody is asked', async (can, more, status, code) => {
    const relay = await two(can, can)
    const got = await relay.call({ more })
    expect(got.status).toBe(status)
    expect(JSON.parse(got.text)).toMatchObject({ error: { code } })
    expect(relay.tokens()).toEqual([])
  })

  it('an overflow is not tried again where the window is known to be no larger', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a'], capabilities: { contextTokens: 8_000 } },
        { provider: 'groq', tokens: ['b'], capabilities: { contextTokens: 8_000 } },
        { provider: 'openrouter', tokens: ['c'], capabilities: { contextTokens: 8_001 } },
      ],
      answer: ({ token }) =>
        token === 'c'
          ? 'good'
          : { status: 400, body: { error: { code: 'context_length_exceeded', message: 'too long' } } },
    })
    expect((await relay.call()).headers['x-sparekey-fallback']).toBe('context_overflow')
    expect(relay.tokens()).toEqual(['a', 'c'])
    expect(skips(relay)[0]).toMatch(/^groq\/gpt-5.5: its window of 8000 tokens is no larger/)
  })
})

const REFUSED = { throws: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) }
const RESET = { throws: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) }
const EMPTY: Answered = {
  status: 429,
  body: { error: { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: 7200 } },
}
const DOWN: Answered = { status: 503, body: { error: { message: 'Service unavailable' } } }

describe('a route that shares what has failed', () => {
  const HOST = 'http://one.test/v1'
  const account = (label: string) => ({ label, accountId: 'acct-1' })
  const proxied = { proxy: 'http://proxy.test:8080' }

  it.each<[string, readonly RouteGiven[], Answered, readonly string[]]>([
    [
      'the same host that could not be reached',
      [
        { provider: 'openai', baseUrl: HOST, tokens: ['a'] },
        { provider: 'lab', type: 'openai', model: 'other', baseUrl: 'http://one.test/v2', tokens: ['b'] },
      ],
      REFUSED,
      ['lab/other: http://one.test could not be reached'],
    ],
    [
      'the same proxy',
      [
        { provider: 'openai', ...proxied, tokens: ['a'] },
        { provider: 'groq', ...proxied, tokens: ['b'] },
      ],
      REFUSED,
      ['groq/gpt-5.5: it goes through the same proxy, which could not be reached'],
    ],
    [
      'the same model at the same place under another name',
      [
        { provider: 'openai', baseUrl: HOST, tokens: ['a'] },
        { provider: 'twin', type: 'openai', baseUrl: HOST, tokens: ['b'] },
      ],
      DOWN,
      ['twin/gpt-5.5: the same model at the same place as openai: overloaded'],
    ],
    [
      'the same account under another name',
      [
        { provider: 'openai-codex', tokens: [account('a')] },
        { provider: 'codex-2', type: 'openai-codex', tokens: [account('b')] },
      ],
      EMPTY,
      ['codex-2/gpt-5.5: the same account as openai-codex/a: quota_exhausted'],
    ],
    [
      'the same key for the same host',
      [
        { provider: 'openai', baseUrl: HOST, tokens: ['a'] },
        { provider: 'twin', type: 'openai', model: 'other', baseUrl: HOST, tokens: [{ label: 'b', fingerprint: 'f' }] },
      ],
      EMPTY,
      ['twin/other: the same account as openai/a: quota_exhausted'],
    ],
  ])('%s: is passed over for the one behind it', async (name, routes, answered, expected) => {
    const own = name.includes('same key')
      ? [{ ...routes[0], tokens: [{ label: 'a', fingerprint: 'f' }] } as RouteGiven, ...routes.slice(1)]
      : routes
    const relay = await relayBefore({
      routes: [...own, { provider: 'mistral', tokens: ['last'] }],
      answer: ({ token }) => (token === 'a' ? answered : 'good'),
    })
    expect((await relay.call()).headers['x-sparekey-route']).toBe('mistral/gpt-5.5')
    expect(relay.tokens()).not.toContain('b')
    expect(skips(relay)).toEqual(expected)
  })

  it.each<[string, RouteGiven, Answered]>([
    ['another model at an overloaded host', { provider: 'openai', model: 'other', tokens: [] }, DOWN],
    ['another host', { provider: 'groq', tokens: ['b'] }, REFUSED],
    [
      'a connection that was cut, another model',
      { provider: 'lab', type: 'openai', model: 'other', baseUrl: 'http://openai.test/v1', tokens: ['b'] },
      RESET,
    ],
    ['another account', { provider: 'codex-2', type: 'openai', tokens: [{ label: 'b', accountId: 'acct-2' }] }, EMPTY],
    [
      'the same word for an account at another vendor',
      { provider: 'groq', tokens: [{ label: 'b', accountId: 'acct-1' }] },
      EMPTY,
    ],
  ])('%s shares nothing', async (_name, second, answered) => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: [{ label: 'a', accountId: 'acct-1' }] },
        second,
        { provider: 'mistral', tokens: ['last'] },
      ],
      answer: ({ token, model }) => (token === 'a' && model === 'gpt-5.5' ? answered : 'good'),
    })
    expect((await relay.call()).headers['x-sparekey-route']).toBe(`${second.provider}/${second.model ?? 'gpt-5.5'}`)
    expect(skips(relay)).toEqual([])
  })

  it('other accounts of that pool are asked, only the shared one is not', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai-codex', tokens: [account('a')] },
        { provider: 'codex-2', type: 'openai-codex', tokens: [account('same'), 'other'] },
      ],
      answer: ({ token }) => (token === 'a' ? EMPTY : 'good'),
    })
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('other')
    expect(relay.tokens()).toEqual(['a', 'other'])
  })

  it('nothing else is left: the caller is told the failure, at once', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', baseUrl: HOST, tokens: ['a'] },
        { provider: 'lab', type: 'openai', model: 'other', baseUrl: HOST, tokens: ['b'] },
      ],
      answer: () => REFUSED,
    })
    expect((await relay.call()).status).toBe(502)
    expect(new Set(relay.tokens())).toEqual(new Set(['a']))
  })
})

describe('the way back to the first route', () => {
  const chain = (answer: (asked: Asked) => Answered) =>
    relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a'] },
        { provider: 'groq', tokens: ['b'] },
        { provider: 'openrouter', tokens: ['c'] },
      ],
      answer,
    })
  const credential = async (relay: TestRelay, session?: string) =>
    (await relay.call(session === undefined ? {} : { session })).headers['x-sparekey-credential']

  it('a session that fell from an outage does not wait for its retries at every call', async () => {
    const relay = await chain(({ token }) => (token === 'a' ? DOWN : 'good'))
    for (let call = 0; call < 10; call += 1) expect(await credential(relay)).toBe('b')
    // The first call alone tried and retried.
    expect(relay.tokens().filter((token) => token === 'a')).toHaveLength(4)
    const stays = relay.events.filter((event) => event.type === 'decided' && event.action === 'stay')
    expect(stays).toHaveLength(9)
  })

  it('the reset of a throttle ends it sooner, the first time', async () => {
    let throttled = true
    const relay = await chain(({ token }) =>
      token === 'a' && throttled
        ? {
            status: 429,
            headers: { 'retry-after': '90' },
            body: { error: { code: 'rate_limit_exceeded', message: 'slow down' } },
          }
        : 'good',
    )
    expect(await credential(relay)).toBe('b')
    throttled = false
    relay.platform.advance(60 * SECOND)
    expect(await credential(relay)).toBe('b')
    relay.platform.advance(30 * SECOND + 1)
    expect(await credential(relay)).toBe('a')
  })

  it('somebody who repairs the first route ends it at once', async () => {
    let down = true
    const relay = await chain(({ token }) => (token === 'a' && down ? EMPTY : 'good'))
    expect(await credential(relay)).toBe('b')
    down = false
    await relay.store.resetCredential('cred_a', relay.platform.clock.now())
    expect(await credential(relay)).toBe('a')
  })

  it('when the fallback fails too, the first route comes before the rest of the chain', async () => {
    let bad = ['a']
    const relay = await chain(({ token }) => (bad.includes(token) ? DOWN : 'good'))
    expect(await credential(relay)).toBe('b')
    bad = ['b']
    const back = await relay.call()
    expect(back.headers['x-sparekey-credential']).toBe('a')
    expect(back.headers['x-sparekey-fallback']).toBeUndefined()
    bad = []
    expect(await credential(relay)).toBe('a')
  })

  it('no other session is held back by it', async () => {
    let down = true
    const relay = await chain(({ token }) => (token === 'a' && down ? DOWN : 'good'))
    expect(await credential(relay, 'fell')).toBe('b')
    down = false
    expect(await credential(relay, 'new')).toBe('a')
    expect(await credential(relay, 'fell')).toBe('b')
  })

  it('who stays on a fallback that cannot serve a call leaves it for that call', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a'] },
        { provider: 'groq', tokens: ['b'], capabilities: { images: false } },
      ],
      answer: ({ token }) => (token === 'a' && relay.sent.length < 5 ? DOWN : 'good'),
    })
    expect(await credential(relay)).toBe('b')
    expect((await relay.call({ more: { input: IMAGE } })).headers['x-sparekey-credential']).toBe('a')
  })

  it('who goes on from an answer of the fallback finds its account there', async () => {
    const relay = await chain(({ token }) => (token === 'a' ? DOWN : 'good'))
    const first = await relay.call()
    const { id } = JSON.parse(first.text) as { id: string }
    relay.tokens()
    const next = await relay.call({ more: { previous_response_id: id } })
    expect([next.status, relay.tokens()]).toEqual([200, ['b']])
  })
})
