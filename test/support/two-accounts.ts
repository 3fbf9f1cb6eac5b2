import type { Step } from '../../src/simulator/index.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { ask, type Reading } from './client.ts'
import { startWorld } from './world.ts'

export const GOOD = 'The answer is 42.'

/** What came of one call. */
export interface TwoAccounts {
  readonly reading: Reading
  /** How often each account was called. */
  readonly hits: readonly [first: number, second: number]
  /** Failures, in order. */
  readonly failures: ReadonlyArray<{ readonly account: string; readonly label: string; readonly message: string }>
  /** Why accounts are benched. */
  readonly benched: readonly string[]
}

/**
 * One call through a gateway, over real sockets, to a provider with two accounts.
 * @param first what the first account does; its last step repeats
 * @param second what the other does. @default it answers
 */
export async function callTwoAccounts(
  wire: WireName,
  stream: boolean,
  first: readonly Step[],
  second: readonly Step[] = [{ kind: 'answer' }],
): Promise<TwoAccounts> {
  const credentials = { 'tok-a': { steps: first }, 'tok-b': { steps: second } }
  const world = await startWorld({
    sides: [
      {
        provider: wire === 'messages' ? 'anthropic' : 'openai',
        scenario: { name: 'regression', description: '', credentials },
      },
    ],
  })
  try {
    const reading = await ask(world.gateway.url, wire, stream)
    const { benches } = await world.store.snapshot()
    const [simulator] = world.simulators
    return {
      reading,
      hits: [simulator?.hits('tok-a') ?? 0, simulator?.hits('tok-b') ?? 0],
      failures: world.events.filter(isFailure).map(({ credentialLabel, label, message }) => ({
        account: credentialLabel,
        label,
        message,
      })),
      benched: benches.map(({ reason }) => reason),
    }
  } finally {
    await world.close()
  }
}

function isFailure(event: TelemetryEvent): event is Extract<TelemetryEvent, { type: 'attempt_failed' }> {
  return event.type === 'attempt_failed'
}
