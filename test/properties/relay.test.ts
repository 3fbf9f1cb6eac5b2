import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blameOf, type FailureLabel } from '../../src/failure/labels.ts'
import { DEFAULT_POLICY } from '../../src/recovery/policy.ts'
import { FAILURE_KINDS, type Scenario, type Step } from '../../src/simulator/index.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { ask } from '../support/client.ts'
import { startWorld, type World } from '../support/world.ts'

/** Random accidents on random credentials, over real sockets: whatever happens, the invariants of a call hold. */

const GOOD = 'The answer is 42.'
const LIMITS = { firstByteMs: 80, idleMs: 80, deadlineMs: 2_000, holdMs: 1_500 }
/** Retries are counted for each label: a credential that fails in every way that there is gets all of them. */
const MOST_RETRIES = Object.values(DEFAULT_POLICY).reduce((sum, { retries }) => sum + retries.times, 0)

/** Kinds that a random history can afford: no silence and no throttle that must be waited out. */
function stepsOf(wire: WireName): readonly Step[] {
  const kinds = FAILURE_KINDS.filter(
    (row) => row.wire === wire && row.step.kind !== 'hang' && row.label !== 'rate_limit',
  )
  return [{ kind: 'answer' }, { kind: 'answer', reasoningFirst: true }, ...kinds.map(({ step }) => step)]
}

const wire = fc.constantFrom<WireName>('responses', 'chat-completions', 'messages')
const history = wire.chain((name) => {
  const script = fc.array(fc.constantFrom(...stepsOf(name)), { minLength: 1, maxLength: 3 })
  return fc.record({
    wire: fc.constant(name),
    stream: fc.boolean(),
    scripts: fc.array(script, { minLength: 1, maxLength: 4 }),
    fallback: fc.option(script),
    calls: fc.integer({ min: 1, max: 3 }),
  })
})
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

function scenarioOf(prefix: string, scripts: ReadonlyArray<readonly Step[]>): Scenario {
  return {
    name: prefix,
    description: '',
    credentials: Object.fromEntries(scripts.map((steps, index) => [`${prefix}-${index}`, { steps }])),
  }
}

async function begin({
  wire: name,
  scripts,
  fallback,
}: Pick<History, 'wire' | 'scripts' | 'fallback'>): Promise<World> {
  const [first, second] =
    name === 'messages' ? (['anthropic', 'openrouter'] as const) : (['openai', 'openrouter'] as const)
  return startWorld({
    limits: LIMITS,
    sides: [
      { provider: first, scenario: scenarioOf('one', scripts) },
      ...(fallback === null ? [] : [{ provider: second, scenario: scenarioOf('two', [fallback]) }]),
    ],
  })
}

describe('invariants of a call over random accidents', () => {
  it('I2 I4 I5 I11: bounded attempts, nothing replayed, exactly one honest ending, and only guilty credentials benched', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (played) => {
        const world = await begin(played)
        try {
          for (let call = 0; call < played.calls; call += 1) {
            const before = world.events.length
            const reading = await ask(world.gateway.url, played.wire, played.stream)
            const events = world.events.slice(before)

            // I11: a complete success, or one typed failure.
            expect(reading.ending).not.toBe('broken')
            expect(reading.ending === 'complete' || reading.error !== undefined).toBe(true)
            expect(events.filter(({ type }) => type === 'call_ended')).toHaveLength(1)
            // I5: what was said was said once.
            if (reading.ending === 'complete' && reading.said !== '') expect(GOOD.startsWith(reading.said)).toBe(true)
            expect(reading.said.length).toBeLessThanOrEqual(GOOD.length)

            // I4: every credential once, apart from counted retries with the same one.
            const served = events.flatMap((event) => (event.type === 'attempt_started' ? [event.credentialLabel] : []))
            const turns = served.filter((label, index) => label !== served[index - 1])
            expect(new Set(turns).size).toBe(turns.length)
            expect(served.length).toBeLessThanOrEqual((played.scripts.length + 1) * (MOST_RETRIES + 1))
          }
          // I2: requests, providers and networks never bench anybody.
          const { benches } = await world.store.snapshot()
          for (const { reason } of benches) expect(blameOf(reason as FailureLabel)).toBe('credential')
          // I6: every lease has ended.
          for (const name of ['openai', 'anthropic', 'openrouter'])
            for (const { inFlight } of await world.pool.describe(name)) expect(inFlight).toBe(0)
        } finally {
          await world.close()
        }
      }),
      { numRuns: 60 },
    )
  })

  it('I10: a caller who leaves, before or after the first word, leaves no trace on any credential', async () => {
    const silent = fc.constantFrom<Step>(
      { kind: 'hang', at: 'before_headers' },
      { kind: 'hang', at: 'before_output' },
      { kind: 'hang', at: 'after_output' },
    )
    await fc.assert(
      fc.asyncProperty(wire, fc.boolean(), silent, async (name, stream, step) => {
        const world = await startWorld({
          sides: [
            { provider: name === 'messages' ? 'anthropic' : 'openai', scenario: scenarioOf('one', [[step], [step]]) },
          ],
        })
        try {
          const leave = new AbortController()
          const asked = ask(world.gateway.url, name, stream, { signal: leave.signal }).catch(() => 'left')
          await expect.poll(() => world.simulators[0]?.requests.length).toBe(1)
          leave.abort()
          expect(await asked).toBe('left')
          await expect.poll(() => world.events.some(({ type }) => type === 'call_ended')).toBe(true)
          expect(world.events.find(({ type }) => type === 'call_ended')).toMatchObject({ outcome: 'cancelled' })
          expect(world.simulators[0]?.requests).toHaveLength(1)
          expect((await world.store.snapshot()).benches).toEqual([])
          for (const { inFlight } of await world.pool.describe(name === 'messages' ? 'anthropic' : 'openai'))
            expect(inFlight).toBe(0)
        } finally {
          await world.close()
        }
      }),
      { numRuns: 18 },
    )
  })
})
