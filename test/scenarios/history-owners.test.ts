import { afterEach, describe, expect, it } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import type { Scenario, Step } from '../../src/simulator/index.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { ask, requestBody } from '../support/client.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

/** Kept conversations and what belongs to one account: its encrypted reasoning, its files, its place. */

const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

type Json = Readonly<Record<string, unknown>>
type Item = Json & { readonly type: string; readonly call_id: string }

const ANSWER: Step = { kind: 'answer' }
const SEALED: Step = { kind: 'answer', reasoningFirst: true }
const refusal = (status: number, code: string): Step => ({
  kind: 'error',
  status,
  body: { error: { type: code, code, message: code } },
})
const EMPTY = refusal(429, 'insufficient_quota')
const UNKNOWN = refusal(400, 'previous_response_not_found')
const calls = (given: string): Step => ({ kind: 'answer', toolCall: { name: 'weather', arguments: given } })

const side = (provider: string, credentials: Scenario['credentials']) => ({
  provider,
  scenario: { name: 'x', description: '', credentials },
})

async function begin(sides: WorldOptions['sides'], more: Partial<WorldOptions> = {}): Promise<World> {
  const world = await startWorld({ sides, ...more })
  worlds.push(world)
  return world
}

async function send(world: World, input: unknown, more: Json = {}) {
  const tools = [{ type: 'function', name: 'weather', parameters: { type: 'object', properties: {} } }]
  const body = { ...requestBody('responses', false), tools, input, ...more }
  const { status, headers, text } = await ask(world.gateway.url, 'responses', false, { body, headers: {} })
  await world.history?.flush()
  const { id = '', output = [] } = JSON.parse(text) as { readonly id?: string; readonly output?: readonly Item[] }
  const withoutIds = output.map(({ id: _id, status: _status, ...rest }) => rest as unknown as Item)
  return { status, id, output: withoutIds, by: headers.get('x-sparekey-credential'), headers, text }
}

const seenBy = (world: World, token: string) =>
  world.simulators[0]?.requests.filter((request) => request.token === token).map(({ body }) => JSON.stringify(body)) ??
  []
const inFlight = async (world: World) => (await world.pool.describe()).map((each) => each.inFlight)
/** Written as text by one protocol, and as data by another. */
const DEEP = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`

describe('what an account encrypted', () => {
  const SECRET = 'gAAAA'

  it('reaches no other one when a client sent it along before', async () => {
    const world = await begin(
      [
        side('openai', { 'tok-a': { steps: [SEALED, EMPTY] }, 'tok-b': { steps: [EMPTY, ANSWER] } }),
        side('anthropic', { 'key-1': {} }),
      ],
      { history: {} },
    )
    const one = await send(world, 'one')
    expect(one.by).toBe('tok-a')
    await send(world, 'another conversation, which empties the second account')
    const two = await send(world, [{ role: 'user', content: 'one' }, ...one.output, { role: 'user', content: 'two' }])
    expect(two.by).toBe('key-1')
    for (const { credential } of await world.pool.describe())
      if (credential.label === 'tok-b') await world.store.resetCredential(credential.id, systemPlatform.clock.now())
    const three = await send(world, 'three', { previous_response_id: two.id })
    expect([three.status, three.by]).toEqual([200, 'tok-b'])
    expect(seenBy(world, 'tok-b').at(-1)).toContain('two')
    expect(seenBy(world, 'tok-b').join()).not.toContain(SECRET)
    expect(three.headers.get('x-sparekey-dropped')).toContain('input.reasoning.encrypted_content')
  })

  it('reaches no other one by a repair, after a restart', async () => {
    const store = await openStore({ kind: 'memory' }, systemPlatform)
    const before = await begin(
      [side('openai', { 'tok-a': { steps: [SEALED, EMPTY] }, 'tok-b': { steps: [ANSWER] } })],
      { store, history: {} },
    )
    const one = await send(before, 'one')
    const two = await send(before, [{ role: 'user', content: 'one' }, ...one.output, { role: 'user', content: 'two' }])
    expect(two.by).toBe('tok-b')
    await before.pool.close()
    const after = await begin([side('openai', { 'tok-a': {}, 'tok-b': { steps: [UNKNOWN, ANSWER] } })], {
      store,
      history: {},
    })
    const three = await send(after, 'three', { previous_response_id: two.id })
    expect([three.by, three.headers.get('x-sparekey-repaired')]).toEqual(['tok-b', 'previous_response'])
    expect([...seenBy(before, 'tok-b'), ...seenBy(after, 'tok-b')].join()).not.toContain(SECRET)
  })
})

describe('the account that has the answer', () => {
  it('is asked by another process too, before it is known there who served the conversation', async () => {
    const store = await openStore({ kind: 'memory' }, systemPlatform)
    const sides = () => [side('openai', { 'tok-a': {}, 'tok-b': {} })]
    const terms = { history: {}, store, strategy: 'round_robin' as const }
    const [one, two] = [await begin(sides(), terms), await begin(sides(), terms)]
    const first = await send(one, 'one')
    const next = await send(two, 'two', { previous_response_id: first.id })
    expect([next.by, next.headers.get('x-sparekey-replayed')]).toEqual([first.by, null])
  })

  it('is the only one that knows a file: then the client is told that nobody can go on', async () => {
    const world = await begin([side('openai', { 'tok-a': { steps: [ANSWER, EMPTY] }, 'tok-b': {} })], { history: {} })
    const content = [{ type: 'input_file', file_id: 'file-of-a' }]
    const first = await send(world, [{ role: 'user', content }])
    const next = await send(world, 'two', { previous_response_id: first.id })
    expect(next.status).toBe(400)
    expect(next.text).toContain('"code":"previous_response_not_found"')
    expect(seenBy(world, 'tok-b')).toEqual([])
  })

  it('is followed by one that is told everything, also where a client repeats the call whose result it brings', async () => {
    const world = await begin([side('openai', { 'tok-a': { steps: [calls('{}'), EMPTY] }, 'tok-b': {} })], {
      history: {},
    })
    const first = await send(world, 'the long story')
    const [call] = first.output.filter(({ type }) => type === 'function_call')
    const result = { type: 'function_call_output', call_id: call?.call_id, output: 'it rains' }
    const next = await send(world, [call, result], { previous_response_id: first.id })
    expect([next.status, next.by, next.headers.get('x-sparekey-replayed')]).toEqual([200, 'tok-b', '1'])
    const [seen = ''] = seenBy(world, 'tok-b')
    expect(seen).toContain('the long story')
    expect(seen.match(/"type":"function_call"/g)).toHaveLength(1)
  })
})

describe('a request that is too deep for the protocol of a fallback', () => {
  it.each([
    ['with its conversation kept here', true],
    ['by itself', false],
  ])('keeps no place of an account (%s)', async (_name, kept) => {
    const steps = kept ? [calls(DEEP), EMPTY] : [EMPTY]
    const world = await begin([side('openai', { 'tok-a': { steps } }), side('anthropic', { 'key-1': {} })], {
      ...(kept ? { history: {} } : {}),
    })
    const result = { type: 'function_call_output', call_id: 'call_1', output: 'x' }
    const first = kept ? await send(world, 'one') : undefined
    const [call] = first?.output.filter(({ type }) => type === 'function_call') ?? []
    const own = { role: 'user', content: 'one' }
    const asked = kept
      ? await send(world, [{ ...result, call_id: call?.call_id }], { previous_response_id: first?.id })
      : await send(world, [own, { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: DEEP }, result])
    expect(asked.status).toBe(429)
    expect(await inFlight(world)).toEqual([0, 0])
    // Its verdict counts all the same.
    expect((await world.pool.describe('openai')).map(({ standing }) => standing.kind)).toEqual(['benched'])
  })
})
