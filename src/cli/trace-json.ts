import { toIsoText } from '../platform/clock.ts'
import type { CallRecord } from '../telemetry/call-record.ts'

/** One call for `trace --json`: stable keys. */
export function callJson(call: CallRecord) {
  const last = call.attempts.at(-1)
  return {
    id: call.id,
    started_at: toIsoText(call.startedAtMs),
    ended_at: isoOrNull(call.endedAtMs),
    duration_ms: call.endedAtMs === undefined ? null : call.endedAtMs - call.startedAtMs,
    outcome: call.outcome,
    label: call.label ?? null,
    message: call.message ?? null,
    wire: call.wire,
    model: call.model,
    stream: call.stream,
    client: call.client ?? null,
    route: call.route ?? null,
    credential: last?.credential ?? null,
    fallback_reason: call.fallbackReason ?? null,
    repairs: call.repairs ?? [],
    replayed: call.replayed ?? null,
    metered_fallback: call.meteredFallback ?? null,
    dropped: call.dropped ?? [],
    attempts: call.attempts.map((each) => {
      const next = call.decisions.find(({ afterAttempt }) => afterAttempt === each.attempt)
      return {
        attempt: each.attempt,
        started_at: toIsoText(each.startedAtMs),
        provider: each.provider,
        model: each.model,
        credential_id: each.credentialId,
        credential: each.credential,
        trial: each.trial,
        because: each.why?.because ?? null,
        others: each.why?.others ?? [],
        outcome: each.outcome ?? 'running',
        label: each.label ?? null,
        rule: each.rule ?? null,
        status: each.status ?? null,
        message: each.message ?? null,
        duration_ms: each.durationMs ?? null,
        time_to_first_output_ms: each.timeToFirstOutputMs ?? null,
        benched_until: isoOrNull(each.benchedUntilMs),
        action: next?.action ?? null,
        reason: next?.reason ?? null,
        delay_ms: next?.delayMs ?? null,
      }
    }),
    decisions: call.decisions.map(({ afterAttempt, atMs, action, reason, delayMs }) => ({
      after_attempt: afterAttempt,
      at: toIsoText(atMs),
      action,
      reason,
      delay_ms: delayMs ?? null,
    })),
  }
}

function isoOrNull(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : toIsoText(epochMs)
}
