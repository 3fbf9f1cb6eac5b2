import { LLMock } from '@copilotkit/aimock'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, requestBody } from '../support/client.ts'
import { startWorld, type World } from '../support/world.ts'

/** A fake upstream that others wrote: what our own simulator and our own wires agree on could still be wrong on both sides. */

const running: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop()
})

const FOREIGN = { responses: 'openai-codex', 'chat-completions': 'gemini', messages: 'anthropic' } as const

async function before(
  wire: 'responses' | 'chat-completions' | 'messages',
  provider: string = wire === 'messages' ? 'anthropic' : 'openai',
): Promise<World> {
  const mock = new LLMock({ port: 0 })
  mock.onMessage(/hello/, { content: 'pong from elsewhere' })
  mock.onMessage(/throttled/, {
    error: { message: 'Rate limit reached', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    status: 429,
  })
  await mock.start()
  running.push(() => mock.stop())
  const scenario = { name: 'unused', description: '', credentials: { 'tok-a': {} } }
  const world = await startWorld({
    sides: [{ provider, scenario, baseUrl: `${mock.url}/v1` }],
    limits: { deadlineMs: 700 },
  })
  running.push(() => world.close())
  return world
}

describe.each(['responses', 'chat-completions', 'messages'] as const)('%s of an independent fake', (wire) => {
  it.each([true, false])('passes through (stream: %s)', async (stream) => {
    const { gateway } = await before(wire)
    expect(await ask(gateway.url, wire, stream)).toMatchObject({
      status: 200,
      ending: 'complete',
      said: 'pong from elsewhere',
    })
  })

  it('is classified when it refuses', async () => {
    const world = await before(wire)
    const body = JSON.parse(JSON.stringify(requestBody(wire, false)).replace('hello', 'throttled')) as Record<
      string,
      unknown
    >
    const reading = await ask(world.gateway.url, wire, false, { body })
    expect(reading).toMatchObject({ status: 429, ending: 'error' })
    expect(reading.headers.get('x-sparekey-error')).toBe('rate_limit')
  })
})

const WIRES = ['responses', 'chat-completions', 'messages'] as const
const DIRECTIONS = WIRES.flatMap((from) => WIRES.filter((to) => to !== from).map((to) => [from, to] as const))

describe.each(DIRECTIONS)('a %s call said in %s', (from, to) => {
  it.each([true, false])('is accepted by an independent fake (stream: %s)', async (stream) => {
    const { gateway } = await before(to, FOREIGN[to])
    expect(await ask(gateway.url, from, stream)).toMatchObject({
      status: 200,
      ending: 'complete',
      said: 'pong from elsewhere',
    })
  })
})
