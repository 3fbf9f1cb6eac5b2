import type { Failure } from '../failure/evidence.ts'
import { blameOf, type FailureLabel } from '../failure/labels.ts'
import type { HeaderList } from '../platform/network.ts'
import type { GivenUp, WireName } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'

/** Something that a surface itself refuses, before any provider was asked. */
export interface OwnRefusal {
  /** Machine code, also in `x-sparekey-error`. */
  readonly code: string
  readonly label: FailureLabel
  readonly message: string
  readonly rule: string
}

/** A surface's own error in the caller's protocol, marked with `x-sparekey-error`: nobody should look for it at a provider. */
export function renderOwnError(
  wire: WireName,
  refusal: OwnRefusal,
  nowMs: number,
): { readonly status: number; readonly headers: HeaderList; readonly body: string } {
  const rendered = WIRES[wire].renderError(ownGivenUp(wire, refusal, nowMs))
  return { ...rendered, headers: [...rendered.headers, ['x-sparekey-error', refusal.code]] }
}

/** The same as every other failure that is told: one shape for all of them. */
export function ownGivenUp(wire: WireName, { code, label, message, rule }: OwnRefusal, nowMs: number): GivenUp {
  const failure: Failure = {
    label,
    blame: blameOf(label),
    message,
    modelScoped: false,
    rule,
    confidence: 'exact',
    evidence: { channel: 'http', provider: 'sparekey', api: wire, headers: {}, seenAtMs: nowMs },
  }
  return { failure, nowMs, attempts: [], code }
}
