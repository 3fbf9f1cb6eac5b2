import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/simulator/index.ts'
import { behind, claude, closeAfterwards, codex, direct, GOOD } from '../support/run-client.ts'
import { type RecordedRequest, recorderBefore } from '../support/recorder.ts'
import { keepTranscript, type Transcript } from '../support/transcript.ts'
import { startWorld, type World } from '../support/world.ts'

type Json = Readonly<Record<string, unknown>>

const QUOTA = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  plan_type: 'plus',
  resets_in_seconds: 13_872,
}
const FAULTS: Readonly<Record<string, Step>> = {
  'an empty account inside HTTP 200': { kind: 'failed', error: QUOTA },
  'an empty account after a reasoning item': { kind: 'failed', error: QUOTA, reasoningFirst: true },
  'an empty account as HTTP 429': { kind: 'error', status: 429, body: { error: QUOTA } },
  'an overload inside the stream': {
    kind: 'failed',
    error: {
      type: 'service_unavailable_error',
      code: 'server_is_overloaded',
      message: 'Our servers are currently overloaded.',
    },
  },
}

describe.each(Object.entries(FAULTS))('%s', (_fault, step) => {
  it('the Codex CLI fails straight at the provider and succeeds behind the gateway', async () => {
    const simulator = await direct(step)
    const alone = await codex(`${simulator.url}/v1`)
    expect(alone.exit).toBe(1)
    expect(alone.out).not.toContain(GOOD)

    const world = await behind('openai-codex', step)
    const rescued = await codex(`${world.gateway.url}/v1`)
    expect(rescued.out).toContain(GOOD)
    expect(rescued.exit).toBe(0)
  })

  it('Claude Code fails straight at the provider and succeeds behind the gateway', async () => {
    const simulator = await direct(step)
    const alone = await claude(simulator.url)
    expect(alone.exit).toBe(1)

    const world = await behind('anthropic', step)
    const rescued = await claude(world.gateway.url)
    expect(JSON.parse(rescued.out)).toMatchObject({ is_error: false, result: GOOD })
    expect(rescued.exit).toBe(0)
  })
})

describe('all accounts empty', () => {
  it('the Codex CLI shows its own message for a used-up limit', async () => {
    const step: Step = { kind: 'failed', error: QUOTA }
    const world = await startWorld({
      sides: [
        {
          provider: 'openai-codex',
          scenario: { name: 'x', description: '', credentials: { 'tok-a': { steps: [step] } } },
        },
      ],
    })
    closeAfterwards(world)
    const told = await codex(`${world.gateway.url}/v1`)
    expect(told.exit).toBe(1)
    expect(told.out).toContain('hit your usage limit')
    expect(world.simulators[0]?.requests).toHaveLength(1)
  })
})

type OtherProvider = 'openai-codex' | 'anthropic' | 'gemini'

/** Two tools side by side, one more behind their results, then the last word: all through a provider of another protocol. */
async function withTools(provider: OtherProvider, name: string, inputOf: (word: string) => unknown): Promise<World> {
  const call = (word: string) => ({ name, arguments: JSON.stringify(inputOf(word)) })
  const steps: readonly Step[] = [
    { kind: 'answer', toolCall: [call('first'), call('second')] },
    { kind: 'answer', toolCall: call('third') },
    { kind: 'answer', text: GOOD },
  ]
  const credentials = { 'tok-a': { steps: [...steps, ...steps] } }
  const world = await startWorld({ sides: [{ provider, scenario: { name: 'tools', description: '', credentials } }] })
  closeAfterwards(world)
  return world
}

const UPSTREAM_WIRES = { 'openai-codex': 'responses', anthropic: 'messages', gemini: 'chat-completions' } as const

/** Everything that was asked and sent; kept as `test/transcripts/` where SPAREKEY_TEST_RECORD is set. */
function told(world: World, asked: readonly RecordedRequest[], client: 'codex' | 'claude', provider: OtherProvider) {
  const calls = asked.filter(({ path }) => /\/(?:responses|messages)(?:\?|$)/.test(path))
  const sent = world.simulators[0]?.requests ?? []
  expect(sent).toHaveLength(calls.length)
  const requests = calls.map(({ body }, at) => ({ asked: body, sent: (sent[at]?.body ?? {}) as Json }))
  const transcript: Transcript = {
    client,
    wire: client === 'codex' ? 'responses' : 'messages',
    provider,
    upstreamWire: UPSTREAM_WIRES[provider],
    requests,
  }
  if (process.env['SPAREKEY_TEST_RECORD'] !== undefined) keepTranscript(`${client}-over-${provider}`, transcript)
  return JSON.stringify(requests.at(-1)?.sent)
}

describe('over a provider of another protocol', () => {
  it.each(['gemini', 'anthropic'] as const)('the Codex CLI runs tools side by side over %s', async (provider) => {
    const world = await withTools(provider, 'exec_command', (word) => ({ cmd: `echo ${word}-result` }))
    const recorder = await recorderBefore(world.gateway.url)
    const ran = await codex(`${recorder.url}/v1`)
    expect(ran.out).toContain(GOOD)
    expect(ran.exit).toBe(0)
    expect(world.simulators[0]?.requests).toHaveLength(3)
    const last = told(world, recorder.asked, 'codex', provider)
    for (const word of ['first', 'second', 'third']) expect(last).toContain(`${word}-result\\n`)
  })

  it.each(['gemini', 'openai-codex'] as const)('Claude Code runs tools side by side over %s', async (provider) => {
    const world = await withTools(provider, 'Bash', (word) => ({ command: `echo ${word}-result`, description: word }))
    const recorder = await recorderBefore(world.gateway.url)
    const ran = await claude(recorder.url)
    expect(ran.out).toContain(GOOD)
    expect(ran.exit).toBe(0)
    const last = told(world, recorder.asked, 'claude', provider)
    for (const word of ['first', 'second', 'third'])
      expect(last.match(new RegExp(`${word}-result`, 'g'))?.length).toBeGreaterThan(1)
  })
})
