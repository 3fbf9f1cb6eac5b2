import type { Bench, BenchEvidence } from '../pool/bench.ts'
import type { Credential, SecretSource } from '../pool/credential.ts'
import type { SqlRow, SqlValue } from './sqlite-driver.ts'

export const CREDENTIAL_COLUMNS =
  'id, provider, label, type, source_variable, source_file, source_command, priority, base_url, account_id, quota_group, fingerprint, generation, reset_stamp_ms, created_at_ms'

export const BENCH_COLUMNS =
  'credential_id, scope, reason, since_ms, until_ms, trial_at_ms, dead, token_generation, strikes, failed_trials, evidence'

export function credentialOf(row: SqlRow): Credential {
  return {
    id: text(row.id),
    provider: text(row.provider),
    label: text(row.label),
    type: text(row.type) as Credential['type'],
    source: sourceOf(row),
    priority: Number(row.priority),
    ...(row.base_url == null ? {} : { baseUrl: text(row.base_url) }),
    ...(row.account_id == null ? {} : { accountId: text(row.account_id) }),
    ...(row.quota_group == null ? {} : { quotaGroup: text(row.quota_group) }),
    fingerprint: text(row.fingerprint),
    generation: Number(row.generation),
    resetStampMs: Number(row.reset_stamp_ms),
    createdAtMs: Number(row.created_at_ms),
  }
}

export function credentialValues(credential: Credential): SqlValue[] {
  return [
    credential.id,
    credential.provider,
    credential.label,
    credential.type,
    ...sourceValues(credential.source),
    credential.priority,
    credential.baseUrl ?? null,
    credential.accountId ?? null,
    credential.quotaGroup ?? null,
    credential.fingerprint,
    credential.generation,
    credential.resetStampMs,
    credential.createdAtMs,
  ]
}

export function benchOf(row: SqlRow): Bench {
  return {
    credentialId: text(row.credential_id),
    scope: text(row.scope),
    reason: text(row.reason) as Bench['reason'],
    sinceMs: Number(row.since_ms),
    untilMs: Number(row.until_ms),
    trialAtMs: Number(row.trial_at_ms),
    dead: Number(row.dead) === 1,
    tokenGeneration: Number(row.token_generation),
    strikes: Number(row.strikes),
    failedTrials: Number(row.failed_trials),
    evidence: JSON.parse(text(row.evidence)) as BenchEvidence,
  }
}

export function benchValues(bench: Bench): SqlValue[] {
  return [
    bench.credentialId,
    bench.scope,
    bench.reason,
    Math.round(bench.sinceMs),
    Math.round(bench.untilMs),
    Math.round(bench.trialAtMs),
    bench.dead ? 1 : 0,
    bench.tokenGeneration,
    bench.strikes,
    bench.failedTrials,
    JSON.stringify(bench.evidence),
  ]
}

function sourceOf(row: SqlRow): SecretSource {
  if (row.source_variable != null) return { kind: 'env', variable: text(row.source_variable) }
  if (row.source_file != null) return { kind: 'file', path: text(row.source_file) }
  if (row.source_command == null) return { kind: 'stored' }
  const { argv, cacheMs } = JSON.parse(text(row.source_command)) as { argv: readonly string[]; cacheMs: number }
  return { kind: 'command', argv, cacheMs }
}

function sourceValues(source: SecretSource): SqlValue[] {
  return [
    source.kind === 'env' ? source.variable : null,
    source.kind === 'file' ? source.path : null,
    source.kind === 'command' ? JSON.stringify({ argv: source.argv, cacheMs: source.cacheMs }) : null,
  ]
}

function text(value: SqlValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
