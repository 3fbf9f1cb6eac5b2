import { toIsoText } from '../platform/clock.ts'
import type { Described } from '../pool/pool.ts'
import { spellDuration } from './spell.ts'

/** One credential of `auth list --json`: stable keys. */
export function credentialJson({ credential, standing, benches, uses, inFlight, next }: Described, position: number) {
  const bench = standing.kind === 'benched' || standing.kind === 'dead' ? standing.bench : undefined
  return {
    position,
    id: credential.id,
    provider: credential.provider,
    label: credential.label,
    type: credential.type,
    source: credential.source.kind === 'env' ? `env:${credential.source.variable}` : 'stored',
    fingerprint: credential.fingerprint,
    account_id: credential.accountId ?? null,
    priority: credential.priority,
    status: standing.kind,
    reason: bench?.reason ?? null,
    until: bench === undefined || bench.dead ? null : toIsoText(bench.untilMs),
    trial_at: bench === undefined || bench.dead ? null : toIsoText(bench.trialAtMs),
    benches: benches.map(({ scope, reason, untilMs, dead, evidence }) => ({
      scope,
      reason,
      until: dead ? null : toIsoText(untilMs),
      message: evidence.message,
      rule: evidence.rule,
    })),
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
      return { mark: '✗', tone: 'bad', text: `${standing.variable} is not set` }
    case 'busy':
      return { mark: '●', tone: 'good', text: 'ready, all places taken' }
    default: {
      const models = benches.filter(({ scope }) => scope !== '*').map(({ scope, reason }) => `${scope}: ${reason}`)
      return { mark: '●', tone: 'good', text: models.length === 0 ? 'ready' : `ready; not for ${models.join(', ')}` }
    }
  }
}
