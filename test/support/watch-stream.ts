import { blameOf, type FailureLabel } from '../../src/failure/labels.ts'
import { SseFramer, type SseFrame } from '../../src/wire/sse.ts'
import type { FrameMeaning, GivenUp, Usage, WireEvidence, WireName } from '../../src/wire/wire.ts'
import { WIRES } from '../../src/wire/wires.ts'

/** One event as a provider sends it: data as JSON, or text exactly as given. */
export interface Sent {
  readonly event?: string
  readonly data: unknown
}

/** Events of a wire whose events name themselves in `type`. */
export function typed(...events: ReadonlyArray<Readonly<Record<string, unknown>> & { readonly type: string }>): Sent[] {
  return events.map((data) => ({ event: data.type, data }))
}

export function streamOf(events: readonly Sent[]): Buffer {
  return Buffer.from(
    events
      .map(({ event, data }) => {
        const text = typeof data === 'string' ? data : JSON.stringify(data)
        return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`
      })
      .join(''),
  )
}

/** Frames of a whole stream. */
export function framesOf(bytes: Uint8Array): readonly SseFrame[] {
  const framer = new SseFramer()
  const pushed = framer.push(bytes)
  if (!Array.isArray(pushed)) throw new Error('a frame is too large')
  return [...pushed, ...framer.finish()]
}

/** What was concluded from a stream. */
export interface Watched {
  readonly kind: 'complete' | 'failure'
  readonly evidence?: WireEvidence
  readonly visible: boolean
  /** Meaning of every event up to the last one that mattered. */
  readonly meanings: ReadonlyArray<FrameMeaning['kind']>
  readonly usage: Usage | undefined
}

/** Watches a stream as the relay does. */
export function watchStream(wire: WireName, bytes: Uint8Array): Watched {
  const observer = WIRES[wire].observeStream()
  const meanings: Array<FrameMeaning['kind']> = []
  const told = (kind: Watched['kind'], evidence?: WireEvidence): Watched => ({
    kind,
    visible: meanings.includes('visible'),
    meanings,
    usage: observer.usage(),
    ...(evidence === undefined ? {} : { evidence }),
  })
  for (const frame of framesOf(bytes)) {
    const meaning = observer.observe(frame)
    meanings.push(meaning.kind)
    if (meaning.kind === 'complete') return told('complete')
    if (meaning.kind === 'failure') return told('failure', meaning.evidence)
  }
  const evidence = observer.end()
  return evidence === undefined ? told('complete') : told('failure', evidence)
}

export const watchEvents = (wire: WireName, events: readonly Sent[]): Watched => watchStream(wire, streamOf(events))

export const NOW_MS = 1_800_000_000_000

/** A call that failed with a label, as the relay hands it to a wire. */
export function givenUp(
  label: FailureLabel,
  more: {
    /** How long until a credential returns. */
    readonly waitMs?: number
    readonly message?: string
    readonly code?: string
    /** The provider's own code. */
    readonly failureCode?: string
    readonly api?: WireName
    /** Behind visible output. */
    readonly isLate?: true
  } = {},
): GivenUp {
  const { waitMs, message = 'It failed', code, failureCode, api = 'responses', isLate } = more
  return {
    failure: {
      label,
      blame: blameOf(label),
      message,
      modelScoped: false,
      rule: 'provider/row',
      confidence: 'exact',
      ...(failureCode === undefined ? {} : { code: failureCode }),
      evidence: { channel: 'http', provider: 'openai', api, headers: {}, seenAtMs: NOW_MS },
    },
    nowMs: NOW_MS,
    attempts: [{ provider: 'openai', credential: 'work', label, status: 429 }],
    ...(waitMs === undefined ? {} : { earliestReturnMs: NOW_MS + waitMs }),
    ...(code === undefined ? {} : { code }),
    ...(isLate === undefined ? {} : { isLate }),
  }
}
