import type { FailureLabel } from '../failure/labels.ts'
import type { WireName } from '../wire/wire.ts'
import { BARE_STATUSES } from './bare-statuses.ts'
import { BROKEN_ANSWERS } from './broken-answers.ts'
import { FACTS } from './failure-facts.ts'
import type { Kind, Mode } from './kind.ts'
import { MISLEADING_STATUSES } from './misleading-statuses.ts'
import type { Dress, Step } from './scenario.ts'

/** Who answers in the end when the first of two credentials fails this way each time. */
export type Rescuer = 'other' | 'nobody'

/**
 * What the system does first when another credential is ready: takes it (`rotate`), tries the same one again (`retry`), leaves for the
 * next route (`fallback`), or tells the caller (`surface`).
 */
export type Recovery = 'rotate' | 'retry' | 'fallback' | 'surface'

/** How long the failed credential is left alone: until the provider's hint or reset, for a step of a ladder, for good (`dead`). */
export type BenchExpected = 'none' | 'hint' | 'reset' | 'ladder' | 'dead'

/** One row of the matrix: a failure kind on a wire, in one mode, and what must come of it. */
export interface FailureKind {
  readonly wire: WireName
  readonly mode: Mode
  /** `http-429-quota`, `soft-quota`, `cut-before-output`, ... */
  readonly kind: string
  readonly step: Step
  readonly label: FailureLabel
  readonly recovery: Recovery
  readonly bench: BenchExpected
  /** With a second, good credential. `nobody`: the caller is told. */
  readonly rescuer: Rescuer
  /** The first credential is left alone afterwards. */
  readonly benched: boolean
  /** HTTP status for the caller when nobody else is there; a stream after its first output keeps 200 and ends in the wire's own error. */
  readonly status: number
  readonly afterOutput?: true
}

/** What must come of a label, and what the caller gets in OpenAI's clothes and in Anthropic's (wire-facts 7.5). */
interface Expected {
  readonly recovery: Recovery
  readonly bench: BenchExpected
  readonly statuses: readonly [openAi: number, anthropic: number]
}

/** Written down here once more, and not taken from `recovery/`: a matrix that reads the table it checks would agree with every mistake. */
const EXPECTED: Readonly<Record<FailureLabel, Expected>> = {
  auth_expired: { recovery: 'rotate', bench: 'ladder', statuses: [401, 401] },
  auth_revoked: { recovery: 'rotate', bench: 'dead', statuses: [401, 401] },
  rate_limit: { recovery: 'rotate', bench: 'hint', statuses: [429, 429] },
  quota_exhausted: { recovery: 'rotate', bench: 'reset', statuses: [429, 429] },
  billing: { recovery: 'rotate', bench: 'ladder', statuses: [429, 402] },
  entitlement: { recovery: 'rotate', bench: 'ladder', statuses: [403, 403] },
  overloaded: { recovery: 'retry', bench: 'none', statuses: [503, 529] },
  server_error: { recovery: 'retry', bench: 'none', statuses: [502, 500] },
  model_not_found: { recovery: 'fallback', bench: 'none', statuses: [404, 404] },
  invalid_response: { recovery: 'retry', bench: 'none', statuses: [502, 502] },
  timeout: { recovery: 'retry', bench: 'none', statuses: [504, 504] },
  connection: { recovery: 'retry', bench: 'none', statuses: [502, 502] },
  context_overflow: { recovery: 'fallback', bench: 'none', statuses: [400, 400] },
  payload_too_large: { recovery: 'surface', bench: 'none', statuses: [413, 413] },
  invalid_request: { recovery: 'surface', bench: 'none', statuses: [400, 400] },
  content_policy: { recovery: 'surface', bench: 'none', statuses: [400, 400] },
  cancelled: { recovery: 'surface', bench: 'none', statuses: [499, 499] },
  unknown: { recovery: 'retry', bench: 'none', statuses: [502, 502] },
}

const ALL: readonly WireName[] = ['responses', 'chat-completions', 'messages']
const BOTH: readonly Mode[] = ['stream', 'body']

/** Other dresses of a failure inside a 200; the usual one is `soft-...` on every wire. */
const DRESSES: ReadonlyArray<{
  readonly name: string
  readonly dress: Dress
  readonly wire: WireName
  readonly modes: readonly Mode[]
}> = [
  { name: 'error-event', dress: 'error_event', wire: 'responses', modes: ['stream'] },
  { name: 'flat-error-event', dress: 'flat_error_event', wire: 'responses', modes: ['stream'] },
  { name: 'failed-event', dress: 'failed_event', wire: 'responses', modes: ['stream'] },
  { name: 'finish-error', dress: 'finish_reason_error', wire: 'chat-completions', modes: BOTH },
  { name: 'first-event', dress: 'first_event', wire: 'messages', modes: ['stream'] },
]

/** Every fact that has words, on every channel that can carry them: the same words must get the same label everywhere (I9). */
const SPOKEN: readonly Kind[] = FACTS.flatMap(({ name, label, status, anthropicStatus, openAi, anthropic }) => {
  const error = (wire: WireName) => (wire === 'messages' ? anthropic : openAi)
  const overHttp: Kind = {
    kind: `http-${status}-${name}`,
    label,
    step: (wire) =>
      wire === 'messages'
        ? { kind: 'error', status: anthropicStatus ?? status, body: { type: 'error', error: anthropic } }
        : { kind: 'error', status, body: { error: openAi } },
  }
  const soft: Kind = { kind: `soft-${name}`, label, step: (wire) => ({ kind: 'failed', error: error(wire) }) }
  const dressed = DRESSES.map(
    (each): Kind => ({
      kind: `${each.name}-${name}`,
      label,
      wires: [each.wire],
      modes: each.modes,
      step: (wire) => ({ kind: 'failed', error: error(wire), dress: each.dress }),
    }),
  )
  return [overHttp, soft, ...dressed]
})

const KINDS: readonly Kind[] = [...SPOKEN, ...BARE_STATUSES, ...MISLEADING_STATUSES, ...BROKEN_ANSWERS]

/** Every failure kind on every wire that can produce it, streaming and not. The scenario suite and the scorecard run over it. */
export const FAILURE_KINDS: readonly FailureKind[] = KINDS.flatMap((each) =>
  (each.wires ?? ALL).flatMap((wire) => (each.modes ?? BOTH).map((mode) => rowOf(each, wire, mode))),
)

function rowOf({ kind, label, afterOutput, step }: Kind, wire: WireName, mode: Mode): FailureKind {
  const { recovery, bench, statuses } = EXPECTED[label]
  const isToldAtOnce = afterOutput === true || recovery === 'surface' || recovery === 'fallback'
  return {
    wire,
    mode,
    kind,
    step: step(wire),
    label,
    // After the first output nothing is ever replayed.
    recovery: afterOutput === true ? 'surface' : recovery,
    bench,
    rescuer: isToldAtOnce ? 'nobody' : 'other',
    benched: bench !== 'none',
    status: statuses[wire === 'messages' ? 1 : 0],
    ...(afterOutput === undefined ? {} : { afterOutput }),
  }
}
