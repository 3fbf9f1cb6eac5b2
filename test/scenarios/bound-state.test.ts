import { afterEach, describe, expect, it } from 'vitest'
import type { Scenario, Step } from '../../src/simulator/index.ts'
import { ask, requestBody } from '../support/client.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const EMPTY: Step = {
  kind: 'error',
  status: 429,
  body: {
    error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your current quota' },
  },
}
const ANSWER: Step = { kind: 'answer' }

function scenario(name: string, credentials: Scenario['credentials']): Scenario {
  return { name, description: '', credentials }
}

const reasoning = (blob: string) => ({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: blob })
const said = (role: string, text: string) => ({ type: 'message', role, content: [{ type: 'input_text', text }] })

/** What the upstream saw of a request's encrypted parts, for a token. */
function blobsSeen(of: World, side: number, token: string): readonly (readonly string[])[] {
  const requests = of.simulators[side]?.requests ?? []
  return requests
    .filter((request) => request.token === token)
    .map(({ body }) =>
      (Array.isArray(body['input']) ? (body['input'] as readonly Record<string, unknown>[]) : [])
        .map((item) => item['encrypted_content'])
        .filter((blob): blob is string => typeof blob === 'string'),
    )
}

describe('encrypted reasoning', () => {
  const turn = (url: string, input: readonly unknown[]) =>
    ask(url, 'responses', false, {
      headers: { 'x-sparekey-session': 'one' },
      body: { ...requestBody('responses', false), input },
    })

  it('goes to the account that made it, and to no other', async () => {
    const first = scenario('x', { 'tok-a': { steps: [ANSWER, ANSWER, EMPTY] }, 'tok-b': {} })
    world = await startWorld({ sides: [{ provider: 'openai', scenario: first }] })
    const url = world.gateway.url
    expect(await turn(url, [said('user', 'one')])).toMatchObject({ ending: 'complete' })
    const second = [said('user', 'one'), reasoning('made-by-a'), said('user', 'two')]
    expect(await turn(url, second)).toMatchObject({ ending: 'complete' })
    // The account is empty now: the other one gets the conversation without what it cannot read.
    const third = await turn(url, [...second, said('user', 'three')])
    expect(third).toMatchObject({ ending: 'complete' })
    expect(third.headers.get('x-sparekey-dropped')).toContain('input.reasoning.encrypted_content')
    const fourth = [...second, said('user', 'three'), reasoning('made-by-b'), said('user', 'four')]
    expect(await turn(url, fourth)).toMatchObject({ ending: 'complete' })
    expect(blobsSeen(world, 0, 'tok-a')).toEqual([[], ['made-by-a'], ['made-by-a']])
    // What the second one made itself it gets back; what the first one made it never sees.
    expect(blobsSeen(world, 0, 'tok-b')).toEqual([[], ['made-by-b']])
  })

  it('never travels to another provider', async () => {
    const sides = [
      { provider: 'openai', scenario: scenario('one', { 'tok-a': { steps: [ANSWER, EMPTY] } }) },
      { provider: 'openrouter', scenario: scenario('two', { 'key-1': {} }) },
    ] as const
    world = await startWorld({ sides })
    await turn(world.gateway.url, [said('user', 'one')])
    const moved = await turn(world.gateway.url, [said('user', 'one'), reasoning('made-by-a'), said('user', 'two')])
    expect(moved).toMatchObject({ ending: 'complete' })
    expect(moved.headers.get('x-sparekey-fallback')).toBe('billing')
    expect(blobsSeen(world, 1, 'key-1')).toEqual([[]])
  })

  it('that the provider cannot read is left out once, and the call goes on with the same account', async () => {
    const refused: Step = {
      kind: 'error',
      status: 400,
      body: {
        error: {
          type: 'invalid_request_error',
          code: 'invalid_encrypted_content',
          message: 'The encrypted content gAAA could not be verified.',
        },
      },
    }
    world = await startWorld({
      sides: [{ provider: 'openai', scenario: scenario('x', { 'tok-a': { steps: [refused, ANSWER] } }) }],
    })
    const answer = await turn(world.gateway.url, [said('user', 'one'), reasoning('from-nowhere'), said('user', 'two')])
    expect(answer).toMatchObject({ ending: 'complete' })
    expect(blobsSeen(world, 0, 'tok-a')).toEqual([['from-nowhere'], []])
    expect((await world.store.snapshot()).benches).toEqual([])
  })
})

describe('thinking that nobody signed, told by a translated vendor before the conversation moved', () => {
  it('is left out once when the provider refuses it, and the words stay', async () => {
    const refused: Step = {
      kind: 'error',
      status: 400,
      body: {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'messages.1.content.0: Invalid `signature` in `thinking` block',
        },
      },
    }
    world = await startWorld({
      sides: [{ provider: 'anthropic', scenario: scenario('x', { 'tok-a': { steps: [refused, ANSWER] } }) }],
    })
    const answered = [
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'text', text: 'yes' },
    ]
    const messages = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: answered },
      { role: 'user', content: 'and?' },
    ]
    const body = { ...requestBody('messages', false), messages }
    expect(await ask(world.gateway.url, 'messages', false, { body })).toMatchObject({ ending: 'complete' })
    expect(world.simulators[0]?.requests.map((seen) => (seen.body['messages'] as typeof messages)[1]?.content)).toEqual(
      [answered, [{ type: 'text', text: 'yes' }]],
    )
    expect((await world.store.snapshot()).benches).toEqual([])
  })
})

describe('previous_response_id', () => {
  const after = (url: string, id: string | undefined, input: unknown = 'go on') =>
    ask(url, 'responses', false, {
      body: { ...requestBody('responses', false), input, ...(id === undefined ? {} : { previous_response_id: id }) },
    })

  it('pins the call to the account that made the answer, whatever the strategy', async () => {
    world = await startWorld({
      sides: [{ provider: 'openai', scenario: scenario('x', { 'tok-a': {}, 'tok-b': {}, 'tok-c': {} }) }],
      strategy: 'round_robin',
    })
    const { url } = world.gateway
    const first = await after(url, undefined, 'begin')
    const owner = first.headers.get('x-sparekey-credential')
    const id = (JSON.parse(first.text) as { id: string }).id
    for (let call = 0; call < 4; call += 1) {
      await after(url, undefined, `another conversation ${call}`)
      expect((await after(url, id)).headers.get('x-sparekey-credential')).toBe(owner)
    }
  })

  it('of an account that cannot serve is told as not found, so that the client replays; nobody else is asked', async () => {
    world = await startWorld({
      sides: [{ provider: 'openai', scenario: scenario('x', { 'tok-a': { steps: [ANSWER, EMPTY] }, 'tok-b': {} }) }],
    })
    const { url } = world.gateway
    const id = (JSON.parse((await after(url, undefined, 'begin')).text) as { id: string }).id
    const lost = await after(url, id)
    expect(lost).toMatchObject({ status: 400, error: { code: 'previous_response_not_found' } })
    expect(world.simulators[0]?.hits('tok-b')).toBe(0)
    // With the whole conversation in it, the request goes on elsewhere without the reference.
    const whole = [said('user', 'begin'), said('assistant', 'The answer is 42.'), said('user', 'go on')]
    const replayed = await after(url, id, whole)
    expect(replayed).toMatchObject({ ending: 'complete' })
    expect(replayed.headers.get('x-sparekey-dropped')).toContain('previous_response_id')
    expect(world.simulators[0]?.requests.at(-1)?.body).not.toHaveProperty('previous_response_id')
  })

  it('that nobody here made is sent on as it is', async () => {
    world = await startWorld({ sides: [{ provider: 'openai', scenario: scenario('x', { 'tok-a': {}, 'tok-b': {} }) }] })
    expect(await after(world.gateway.url, 'resp_of_another_day')).toMatchObject({ ending: 'complete' })
    expect(world.simulators[0]?.requests[0]?.body['previous_response_id']).toBe('resp_of_another_day')
  })
})
