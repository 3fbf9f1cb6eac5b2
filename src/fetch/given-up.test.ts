import { afterEach, describe, expect, it } from 'vitest'
import { requestBody } from '../../test/support/client.ts'
import { startWorld, type World } from '../../test/support/world.ts'
import { SparekeyError } from '../failure/sparekey-error.ts'
import { systemPlatform } from '../platform/platform.ts'
import { StoreError } from '../pool/store-contract.ts'
import { makeFetch } from './fetch.ts'

const CHAT = 'https://api.openai.example/v1/chat/completions'
/** As versions 6 and 7 name themselves. */
const AI_SDK = 'ai/6.0.326 ai-sdk/provider-utils/4.0.65 runtime/node.js/v20.20.2'
const AI_SDK_7 = 'ai/7.0.173 ai-sdk-provider-utils/5.0.81 node.js/v20.20.2'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

async function exhausted(givenUp?: 'answer' | 'throw') {
  const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 9_000 }
  const step = { kind: 'error' as const, status: 429, body: { error } }
  const credentials = { 'tok-0': { steps: [step] }, 'tok-1': { steps: [step] } }
  world = await startWorld({
    sides: [{ provider: 'openai', scenario: { name: 'x', description: '', credentials } }],
    ...(givenUp === undefined ? {} : { givenUp }),
  })
  return world
}

function asked(userAgent = 'a program', body = JSON.stringify(requestBody('chat-completions', false))) {
  return { method: 'POST', body, headers: { 'user-agent': userAgent } }
}

async function thrownBy(asking: Promise<unknown>): Promise<SparekeyError & Record<string | symbol, unknown>> {
  const thrown: unknown = await asking.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!SparekeyError.isInstance(thrown)) throw new Error('no SparekeyError was thrown', { cause: thrown })
  return thrown as SparekeyError & Record<string | symbol, unknown>
}

describe('a call that nobody could answer', () => {
  it('is an answer that no SDK asks again', async () => {
    const { fetch } = await exhausted()
    const answer = await fetch(CHAT, asked())
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([429, 'false'])
  })

  it('is thrown where the program wants it thrown, with the label, the wait and every attempt', async () => {
    const { fetch, events } = await exhausted('throw')
    const error = await thrownBy(fetch(CHAT, asked()))
    expect(error).toMatchObject({
      name: 'SparekeyError',
      code: 'quota_exhausted',
      label: 'quota_exhausted',
      blame: 'credential',
      status: 429,
      callId: expect.stringMatching(/^call_/),
      failure: { label: 'quota_exhausted', evidence: { status: 429 } },
      attempts: [
        { provider: 'openai', credential: 'tok-0', label: 'quota_exhausted', status: 429 },
        { provider: 'openai', credential: 'tok-1', label: 'quota_exhausted', status: 429 },
      ],
    })
    expect(error.message).toContain('The usage limit has been reached')
    expect(error.hint).toContain('add another account')
    expect(error.retryAfterMs).toBeGreaterThan(8_000_000)
    expect(error.retryAfterMs).toBeLessThanOrEqual(9_000_000)
    // What was given up has ended: its story is told, its place is free.
    expect(events.filter(({ type }) => type === 'call_ended')).toHaveLength(1)
  })

  it.each([AI_SDK, AI_SDK_7])('is thrown to %s as its own error that is not worth a retry', async (userAgent) => {
    const { fetch } = await exhausted()
    const error = await thrownBy(fetch(CHAT, asked(userAgent)))
    expect(error[Symbol.for('vercel.ai.error.AI_APICallError')]).toBe(true)
    expect(error).toMatchObject({ label: 'quota_exhausted', isRetryable: false, statusCode: 429, url: CHAT })
    expect(JSON.parse(String(error['responseBody']))).toMatchObject({ error: { code: 'usage_limit_reached' } })
    expect(error['responseHeaders']).toMatchObject({ 'x-sparekey-error': 'quota_exhausted' })
  })

  it('is an answer for the AI SDK too where the program wants answers', async () => {
    const { fetch } = await exhausted('answer')
    expect((await fetch(CHAT, asked(AI_SDK))).status).toBe(429)
  })
})

describe('a request that cannot be served', () => {
  it.each(['a program', AI_SDK])('is thrown to %s, before anybody is asked', async (userAgent) => {
    const { fetch, simulators } = await exhausted('throw')
    const error = await thrownBy(fetch(CHAT, asked(userAgent, '{"model":')))
    expect(error).toMatchObject({ code: 'invalid_json', label: 'invalid_request', status: 400, attempts: [] })
    expect(error['isRetryable']).toBe(userAgent === AI_SDK ? false : undefined)
    expect(simulators[0]?.requests).toEqual([])
  })
})

it('an abort stays an abort', async () => {
  const { fetch } = await exhausted('throw')
  const signal = AbortSignal.abort(new Error('changed my mind'))
  await expect(fetch(CHAT, { ...asked(), signal })).rejects.toThrow('changed my mind')
})

describe('a store that cannot be read', () => {
  const over = (givenUp: 'answer' | 'throw' | undefined, thrown: Error) =>
    makeFetch(
      {
        relay: { answer: () => Promise.reject(thrown) },
        platform: systemPlatform,
        bodyBytes: 1_000,
        resolveChain: () => Promise.reject(thrown),
        listModels: async () => [],
      },
      givenUp === undefined ? {} : { givenUp },
    )

  it('is an answer, or thrown', async () => {
    const locked = new StoreError('locked', 'another program holds state.db')
    const answer = await over(undefined, locked)(CHAT, asked())
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([500, 'false'])
    expect(await answer.json()).toMatchObject({ error: { message: 'another program holds state.db' } })
    await expect(over('throw', locked)(CHAT, asked())).rejects.toBe(locked)
  })

  it('a fault of our own is not hidden', async () => {
    const fault = new TypeError('x is not a function')
    await expect(over(undefined, fault)(CHAT, asked())).rejects.toBe(fault)
  })
})
