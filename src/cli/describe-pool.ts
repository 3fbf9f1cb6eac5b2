import { toIsoText } from '../platform/clock.ts'
import type { Bench } from '../pool/bench.ts'
import type { Described } from '../pool/pool.ts'
import { ageOf, quotaJson } from './quota-bars.ts'
import { sourceText } from './source-text.ts'
import { spellDuration, spellMoment } from './spell.ts'
import { printable } from './table.ts'

/** One credential of `auth list --json`: stable keys. */
export function credentialJson(described: Described, position: number, nowMs: number) {
  const { credential, standing, benches, uses, inFlight, next } = described
  const bench = standing.kind === 'benched' || standing.kind === 'dead' ? standing.bench : undefined
  return {
    position,
    id: credential.id,
    provider: credential.provider,
    label: credential.label,
    type: credential.type,
    source: sourceText(credential.source),
    fingerprint: credential.fingerprint,
    account_id: credential.accountId ?? null,
    priority: credential.priority,
    status: standing.kind,
    reason: bench?.reason ?? null,
    until: bench === undefined || bench.dead ? null : toIsoText(bench.untilMs),
    trial_at: bench === undefined || bench.dead ? null : toIsoText(bench.trialAtMs),
    time_left_ms: bench === undefined || bench.dead ? null : Math.max(0, bench.untilMs - nowMs),
    benches: benches.map(({ scope, reason, sinceMs, untilMs, trialAtMs, dead, evidence }) => ({
      scope,
      reason,
      since: toIsoText(sinceMs),
      until: dead ? null : toIsoText(untilMs),
      trial_at: dead ? null : toIsoText(trialAtMs),
      time_left_ms: dead ? null : Math.max(0, untilMs - nowMs),
      time_source: evidence.timeSource,
      message: evidence.message,
      rule: evidence.rule,
      seen_at: toIsoText(evidence.seenAtMs),
      age_ms: Math.max(0, nowMs - evidence.seenAtMs),
      call: evidence.callId ?? null,
    })),
    quota: quotaJson(described.quota),
    in_flight: inFlight,
    use_count: uses.count,
    last_used_at: uses.lastUsedAtMs === 0 ? null : toIsoText(uses.lastUsedAtMs),
    next,
  }
}

/** Status in words; the mark before it says the same without colour. */
export function standingText(
  { standing, benches }: Described,
  nowMs: number,
): { readonly mark: string; readonly text: string; readonly tone: 'good' | 'waiting' | 'bad' } {
  switch (standing.kind) {
    case 'benched': {
      const left = spellDuration(standing.untilMs - nowMs)
      return {
        mark: '○',
        tone: 'waiting',
        text: `${standing.bench.reason}, ${left} left${standing.trialDue ? ', trial due' : ''}`,
      }
    }
    case 'dead':
      return { mark: '✗', tone: 'bad', text: `${standing.bench.reason}: needs a new secret` }
    case 'missing':
      return { mark: '✗', tone: 'bad', text: printable(standing.why) }
    case 'busy':
      return { mark: '●', tone: 'good', text: 'ready, all places taken' }
    default: {
      const models = benches.filter(({ scope }) => scope !== '*').map(({ scope, reason }) => `${scope}: ${reason}`)
      return { mark: '●', tone: 'good', text: models.length === 0 ? 'ready' : `ready; not for ${models.join(', ')}` }
    }
  }
}

const TIME_SOURCES = {
  stated: 'as stated',
  header: 'from a header',
  usage: 'from the usage endpoint',
  guess: 'our guess',
} as const satisfies Record<Bench['evidence']['timeSource'], string>

/** Until when a bench stands, how that is known and since when: for people. */
export function benchLines({ dead, scope, untilMs, trialAtMs, evidence }: Bench, nowMs: number): readonly string[] {
  const model = scope === '*' ? '' : `${printable(scope)}: `
  const seen = `seen ${ageOf(evidence.seenAtMs, nowMs)}, rule ${printable(evidence.rule)}`
  if (dead) return [`${model}${seen}`]
  const trial = trialAtMs <= nowMs ? 'trial due' : `trial in ${spellDuration(trialAtMs - nowMs)}`
  return [`${model}until ${spellMoment(untilMs)} (${TIME_SOURCES[evidence.timeSource]}); ${trial}`, seen]
}
