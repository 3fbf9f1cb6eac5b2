import fc from 'fast-check'
import { expect, it } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import type { SeenRequest, Step } from '../../src/simulator/index.ts'
import { ask, requestBody } from '../support/client.ts'
import { startWorld } from '../support/world.ts'

const TOKENS = ['tok-a', 'tok-b', 'tok-c'] as const
const STEPS = {
  answer: { kind: 'answer', reasoningFirst: true },
  empty: {
    kind: 'error',
    status: 429,
    body: { error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your quota' } },
  },
  forgotten: {
    kind: 'error',
    status: 400,
    body: { error: { code: 'previous_response_not_found', message: 'Previous response with id not found.' } },
  },
  overloaded: { kind: 'error', status: 503, body: { error: { message: 'overloaded' } } },
} as const satisfies Record<string, Step>

type Json = Readonly<Record<string, unknown>>
interface Told {
  readonly words: readonly string[]
}

const script = fc.array(fc.constantFrom<keyof typeof STEPS>('answer', 'answer', 'empty', 'forgotten', 'overloaded'), {
  minLength: 1,
  maxLength: 6,
})
/** What happens before each turn of the client: an account has room again, or the turn is asked as a stream. */
const turns = fc.array(fc.record({ reset: fc.option(fc.constantFrom(...TOKENS)), stream: fc.boolean() }), {
  minLength: 2,
  maxLength: 7,
})

/** The words of the user in an input. */
function wordsOf(input: unknown): readonly string[] {
  if (typeof input === 'string') return [input]
  return (input as readonly Json[])
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) => (content as readonly { text: string }[]).map(({ text }) => text))
}

function blobsOf(input: unknown): readonly string[] {
  return Array.isArray(input)
    ? (input as readonly Json[]).flatMap(({ encrypted_content: blob }) => (blob ?? []) as string)
    : []
}

it('whoever answers knows all that was said, in order, and nothing that another account encrypted', {
  timeout: 120_000,
}, async () => {
  let replayed = 0
  await fc.assert(
    fc.asyncProperty(fc.tuple(script, script, script), turns, async (scripts, said) => {
      const credentials = Object.fromEntries(
        TOKENS.map((token, at) => [token, { steps: (scripts[at] ?? []).map((name) => STEPS[name]) }]),
      )
      const scenario = { name: 'x', description: '', credentials }
      const world = await startWorld({ sides: [{ provider: 'openai', scenario }], history: {} })
      try {
        let last: string | undefined
        const words: string[] = []
        for (const [turn, { reset, stream }] of said.entries()) {
          if (reset !== null)
            for (const { id, label } of (await world.store.snapshot()).credentials)
              if (label === reset) await world.store.resetCredential(id, systemPlatform.clock.now())
          const input = `turn ${turn}`
          const before = world.simulators[0]?.requests.length ?? 0
          const answer = await ask(world.gateway.url, 'responses', stream, {
            body: {
              ...requestBody('responses', stream),
              input,
              ...(last === undefined ? {} : { previous_response_id: last }),
            },
          })
          checkRequests(world.simulators[0]?.requests ?? [], before, [...words, input])
          if (answer.headers.get('x-sparekey-replayed') !== null) replayed += 1
          if (answer.ending !== 'complete') continue
          words.push(input)
          last = /"id":"(resp_[^"]+)"/.exec(answer.text)?.[1]
        }
        expect(world.troubles).toEqual([])
      } finally {
        await world.close()
      }
    }),
    { numRuns: 40 },
  )
  expect(replayed).toBeGreaterThan(0)
})

/** What each account has been told and has answered, worked out from all requests; those of the present turn must know everything. */
function checkRequests(requests: readonly SeenRequest[], from: number, words: readonly string[]): void {
  const known = new Map<string, { readonly token: string } & Told>()
  for (const [index, { token, body }] of requests.entries()) {
    const arrival = String(index + 1).padStart(6, '0')
    const previous = body['previous_response_id']
    const before = typeof previous === 'string' ? known.get(previous) : { token, words: [] }
    // Nobody is sent a reference to what another account has.
    expect(before?.token).toBe(token)
    const all = [...(before?.words ?? []), ...wordsOf(body['input'])]
    known.set(`resp_${arrival}`, { token, words: all })
    if (index < from) continue
    expect(all).toEqual(words)
    for (const blob of blobsOf(body['input'])) {
      const maker = known.get(blob.replace('gAAAAsimulated', 'resp_'))
      expect(maker?.token).toBe(token)
    }
  }
}
