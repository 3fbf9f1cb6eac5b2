import { afterEach, describe, expect, it } from 'vitest'
import { standardCompression } from '../../src/index.ts'
import type { SeenRequest, Step } from '../../src/simulator/index.ts'
import type { CallRecord } from '../../src/telemetry/call-record.ts'
import { CallStory } from '../../src/telemetry/call-story.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { decodeChatRequest } from '../../src/wire/translate/chat-decode-request.ts'
import type { Part } from '../../src/wire/translate/conversation.ts'
import { LossReport } from '../../src/wire/translate/loss-report.ts'
import { decodeMessagesRequest } from '../../src/wire/translate/messages-decode-request.ts'
import { decodeResponsesRequest } from '../../src/wire/translate/responses-decode-request.ts'
import { partText } from '../../src/wire/translate/part-text.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { AgentSession, type AgentCall } from '../support/agent-session.ts'
import { startWorld, type World } from '../support/world.ts'

/** An agent works through five turns, and every one meets another fault. Real sockets, every protocol, both surfaces; the fallback speaks another protocol. */

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const PROVIDERS = { responses: 'openai', 'chat-completions': 'groq', messages: 'anthropic' } as const
const FALLBACKS = { responses: 'anthropic', 'chat-completions': 'openai', messages: 'gemini' } as const
const SURFACES = (['responses', 'chat-completions', 'messages'] as const).flatMap((wire) =>
  (['gateway', 'fetch'] as const).flatMap((surface) => [true, false].map((stream) => [wire, surface, stream] as const)),
)

const refusal = (status: number, error: Readonly<Record<string, unknown>>): Step => ({
  kind: 'error',
  status,
  body: { type: 'error', error },
})
const EMPTY = refusal(429, {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  resets_in_seconds: 9_000,
})
const OVERLOADED = refusal(503, { type: 'overloaded_error', message: 'Overloaded' })
const CUT: Step = { kind: 'cut', at: 'before_output' }
const OVERFLOW = refusal(400, {
  type: 'invalid_request_error',
  code: 'context_length_exceeded',
  message: 'prompt is too long: 150000 tokens > 100000 maximum',
})
const calls = (step: number): Step => ({
  kind: 'answer',
  toolCall: { name: `step_${step}`, arguments: JSON.stringify({ n: step }) },
})

const DECODE = {
  responses: decodeResponsesRequest,
  'chat-completions': decodeChatRequest,
  messages: decodeMessagesRequest,
}

/** What an upstream was told of the work so far: name and output of every call, in order. */
function workIn(seen: SeenRequest | undefined): ReadonlyArray<readonly [name: string, output: string]> {
  if (seen?.wire === undefined) throw new Error('nothing was sent')
  const parts = DECODE[seen.wire as WireName](seen.body, new LossReport()).turns.flatMap((turn) => turn.parts)
  const results = parts.filter((part): part is Extract<Part, { type: 'tool_result' }> => part.type === 'tool_result')
  return parts.flatMap((part) => {
    if (part.type !== 'tool_call') return []
    const own = results.filter(({ id }) => id === part.id)
    expect(own, 'every call has one result').toHaveLength(1)
    return [[part.name, partText(own[0]?.content ?? [])] as const]
  })
}

function recordsOf(events: readonly TelemetryEvent[]): readonly CallRecord[] {
  const stories = new Map<string, CallStory>()
  for (const event of events) {
    if (event.type === 'call_started') stories.set(event.callId, new CallStory(event))
    stories.get(event.callId)?.take(event)
  }
  return [...stories.values()].map((story) => story.record((text) => text))
}

describe.each(SURFACES)('a session of %s (%s, stream: %s)', (wire, surface, stream) => {
  it('comes to its end with every tool run once, whatever happens on the way', async () => {
    world = await startWorld({
      sides: [
        {
          provider: PROVIDERS[wire],
          scenario: {
            name: 'two accounts that run out',
            description: '',
            credentials: { 'tok-a': { steps: [EMPTY] }, 'tok-b': { steps: [calls(1), EMPTY] } },
          },
        },
        {
          provider: FALLBACKS[wire],
          scenario: {
            name: 'another provider, not at its best',
            description: '',
            credentials: {
              'tok-x': {
                steps: [
                  calls(2),
                  OVERLOADED,
                  calls(3),
                  CUT,
                  calls(4),
                  OVERFLOW,
                  { kind: 'answer', text: 'All is done.' },
                ],
              },
            },
          },
        },
      ],
      compress: standardCompression({ keepSteps: 2 }),
    })
    const { gateway, fetch, simulators, events } = world
    const run: AgentCall[] = []
    const output = (call: Pick<AgentCall, 'name'>) => `${call.name} gave ${'data '.repeat(1_000)}`
    const session = new AgentSession({
      wire,
      stream,
      task: 'work in four steps',
      tools: ['step_1', 'step_2', 'step_3', 'step_4'],
      run: (call) => {
        run.push(call)
        return output(call)
      },
      url: gateway.url,
      ...(surface === 'fetch' ? { fetch } : {}),
    })
    const turns = []
    for (let turn = 1; turn <= 5; turn += 1) turns.push(await session.turn())

    // The right answer, and every tool exactly once, with the input that the model gave.
    expect(turns.at(-1)).toMatchObject({ text: 'All is done.', calls: [] })
    expect(run.map(({ name, input }) => [name, JSON.parse(input)])).toEqual(
      [1, 2, 3, 4].map((n) => [`step_${n}`, { n }]),
    )
    expect(new Set(run.map(({ id }) => id)).size).toBe(4)

    // Whoever served a turn knew all that had been done before it, in its order; only the last one was told less of the old outputs.
    const [first, second] = simulators
    const done = (steps: number) =>
      Array.from({ length: steps }, (_, index) => [`step_${index + 1}`, output({ name: `step_${index + 1}` }).trim()])
    const work = (seen: SeenRequest | undefined) => workIn(seen).map(([name, told]) => [name, told.trim()])
    expect(first?.requests.map(work)).toEqual([done(0), done(0), done(1)])
    const told = second?.requests.map(work) ?? []
    expect(told.slice(0, 6)).toEqual([done(1), done(2), done(2), done(3), done(3), done(4)])
    const last = told[6] ?? []
    expect(last.map(([name]) => name)).toEqual(['step_1', 'step_2', 'step_3', 'step_4'])
    expect(last[0]?.[1]).toContain('was left out')
    expect(last.slice(2)).toEqual(done(4).slice(2))
    expect(told).toHaveLength(7)

    // The record tells the story, turn by turn.
    const records = recordsOf(events)
    expect(records.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'answered'))
    const attempts = records.map((record) =>
      record.attempts.map(({ credential, label }) => [credential, label ?? 'answered']),
    )
    expect(attempts).toEqual([
      [
        ['tok-a', 'quota_exhausted'],
        ['tok-b', 'answered'],
      ],
      [
        ['tok-b', 'quota_exhausted'],
        ['tok-x', 'answered'],
      ],
      [
        ['tok-x', 'overloaded'],
        ['tok-x', 'answered'],
      ],
      [
        ['tok-x', 'connection'],
        ['tok-x', 'answered'],
      ],
      [
        ['tok-x', 'context_overflow'],
        ['tok-x', 'answered'],
      ],
    ])
    const actions = records.map((record) => record.decisions.map(({ action }) => action))
    expect(actions).toEqual([
      ['rotate'],
      ['fallback'],
      // The session stays where it fell to.
      ['stay', 'retry'],
      ['stay', 'retry'],
      ['stay', 'repair'],
    ])
    expect(records.map(({ fallbackReason }) => fallbackReason)).toEqual([
      undefined,
      ...Array.from({ length: 4 }, () => 'quota_exhausted'),
    ])
    expect(records.at(-1)?.repairs).toEqual(['compress'])
    expect(turns.at(-1)?.reading.headers.get('x-sparekey-repaired')).toBe('compress')

    // Nobody was blamed for what was not theirs.
    const { credentials, benches } = await world.store.snapshot()
    const benched = benches.map(({ credentialId, reason }) => [
      credentials.find(({ id }) => id === credentialId)?.label,
      reason,
    ])
    expect(benched).toEqual([
      ['tok-a', 'quota_exhausted'],
      ['tok-b', 'quota_exhausted'],
    ])
  })
})
