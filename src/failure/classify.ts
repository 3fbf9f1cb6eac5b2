import type { AnnouncedTimes } from './announced-times.ts'
import type { Evidence, Failure, HeaderRecord } from './evidence.ts'
import { holds, refusingStatus } from './holds.ts'
import { asRecord } from './json-text.ts'
import { nextReset } from './calendar.ts'
import { blameOf, type FailureLabel } from './labels.ts'
import { type Layer, type Layers, readLayers } from './layers.ts'
import { quotaGroupOf } from './quota-group.ts'
import { redactMessage } from './redact-message.ts'
import { announcedWaitMs, readTimes } from './reset-time.ts'
import type { Rule } from './rule.ts'
import { firstSpoken, indexOf } from './rule-index.ts'
import { COMMON_RULES } from './rules.ts'

/** A throttle clears within minutes; whoever must wait longer has met a usage window (49 s against 15 h). */
const LONGEST_THROTTLE_MS = 10 * 60_000
const LONGEST_MESSAGE = 500

/**
 * Gives an evidence its label. The only place that does, for every channel: that is what makes the verdicts agree (invariant I9).
 * Pure: relative times count from `evidence.seenAtMs`.
 * @param providerRules rows of the provider that answered; they are tried before the common ones. @default none
 */
export function classify(evidence: Evidence, providerRules: readonly Rule[] = []): Failure {
  const layers = readLayers(evidence)
  const headers = allHeaders(evidence, layers)
  const found = firstMatch(evidence, layers, headers, providerRules)
  const times = timesOf(found?.rule, evidence, layers, headers)
  const label = found === undefined ? 'unknown' : settle(found, announcedWaitMs(times, evidence.seenAtMs))
  const layer = found?.layer ?? layers[0]
  const speaking = layer.message === '' ? layers.find(({ message }) => message !== '') : layer
  const code = layer.codes[0]
  const type = layer.types[0]
  const quotaGroup = quotaGroupOf(label, layers, headers)
  const message = redactMessage((speaking?.message ?? statusText(evidence)).slice(0, 4 * LONGEST_MESSAGE))
  // Field by field: to spread parts into one object cost as much as finding the row.
  const failure: Draft = { label, blame: blameOf(label), message: message.slice(0, LONGEST_MESSAGE) }
  if (code !== undefined) failure.code = redactMessage(code)
  if (type !== undefined) failure.type = redactMessage(type)
  if (times.retryAfterMs !== undefined) failure.retryAfterMs = times.retryAfterMs
  if (times.resetAt !== undefined) failure.resetAt = times.resetAt
  if (times.timeSource !== undefined) failure.timeSource = times.timeSource
  failure.modelScoped = found !== undefined && (found.rule.modelScoped === true || namesModel(label, found.layer))
  if (quotaGroup !== undefined) failure.quotaGroup = quotaGroup
  failure.rule = found?.rule.seen ?? 'none'
  failure.confidence = confidenceOf(found?.rule)
  failure.evidence = evidence
  return failure as Failure
}

/** A failure that is being written. */
type Draft = { -readonly [Field in keyof Failure]?: Failure[Field] }

function timesOf(
  rule: Rule | undefined,
  evidence: Evidence,
  layers: readonly Layer[],
  headers: HeaderRecord,
): AnnouncedTimes {
  const announced = rule?.ignoreTimes === true ? {} : readTimes(evidence, layers, headers)
  if (rule?.resets === undefined || announced.resetAt !== undefined || announced.retryAfterMs !== undefined)
    return announced
  return { resetAt: nextReset(rule.resets, evidence.seenAtMs), timeSource: 'calendar' }
}

interface Match {
  readonly rule: Rule
  readonly layer: Layer
}

/** Words first, from the innermost layer outwards; only then bare statuses and shapes. */
function firstMatch(
  evidence: Evidence,
  layers: Layers,
  headers: HeaderRecord,
  providerRules: readonly Rule[],
): Match | undefined {
  const [own, common] = [indexOf(providerRules), indexOf(COMMON_RULES)]
  for (const layer of layers) {
    const held = { evidence, layer, headers }
    const rule = firstSpoken(own, held) ?? firstSpoken(common, held)
    if (rule !== undefined) return { rule, layer }
  }
  const outermost = layers.at(-1) ?? layers[0]
  // Inside a 200 only the error object knows a status; otherwise the answer's own counts.
  const named = layers.find(({ statuses }) => statuses.length > 0)
  const status = refusingStatus(evidence)
  const layer: Layer = { ...outermost, statuses: status === undefined ? (named?.statuses ?? []) : [status] }
  const held = { evidence, layer, headers }
  for (const { lastResort } of [own, common])
    for (const rule of lastResort) if (holds(rule, held)) return { rule, layer: named ?? outermost }
  return undefined
}

function settle({ rule, layer }: Match, waitMs: number | undefined): FailureLabel {
  if (layer.foreign) return behindAggregator(rule.is)
  if (rule.is === 'rate_limit' && (waitMs ?? 0) >= LONGEST_THROTTLE_MS) return 'quota_exhausted'
  if (rule.byDuration === true && waitMs !== undefined && waitMs < LONGEST_THROTTLE_MS) return 'rate_limit'
  return rule.is
}

const MODEL_SCOPE = new Set<FailureLabel>(['rate_limit', 'quota_exhausted', 'overloaded', 'entitlement'])

/** The provider says that the limit is about one model: the account is still good for the others (61451, 108656). */
function namesModel(label: FailureLabel, { text }: Layer): boolean {
  return (
    MODEL_SCOPE.has(label) &&
    /\b(?:for|on|access) (?:this |the )?model\b|\bthis model\b|rate limit reached for \S+ in organization|model '[^']+' is not available|该模型|使用模型/.test(
      text,
    )
  )
}

/** An upstream refused the aggregator's own key or limit: nothing is wrong with the caller's. */
function behindAggregator(label: FailureLabel): FailureLabel {
  if (label === 'rate_limit' || label === 'quota_exhausted') return 'overloaded'
  return blameOf(label) === 'credential' ? 'server_error' : label
}

function confidenceOf(rule: Rule | undefined): Failure['confidence'] {
  if (rule === undefined) return 'none'
  const exact = rule.code ?? rule.type ?? rule.thrown ?? rule.header ?? rule.window ?? rule.param
  if (exact !== undefined) return 'exact'
  return rule.text === undefined ? 'status' : 'text'
}

function quotesHeaders({ object }: Layer): boolean {
  return object !== undefined && (object['headers'] !== undefined || object['metadata'] !== undefined)
}

/** WebSocket frames and some relays carry the upstream's headers inside the payload. */
function allHeaders(evidence: Evidence, layers: readonly Layer[]): HeaderRecord {
  if (!layers.some(quotesHeaders)) return evidence.headers
  const merged: Record<string, string> = {}
  for (const { object } of [...layers].reverse()) {
    for (const source of [object?.['headers'], asRecord(object?.['metadata'])?.['headers']]) {
      for (const [name, value] of Object.entries(asRecord(source) ?? {})) {
        if (typeof value === 'string' || typeof value === 'number') merged[name.toLowerCase()] = String(value)
      }
    }
  }
  return { ...merged, ...evidence.headers }
}

function statusText({ status, channel }: Evidence): string {
  if (channel === 'http' && status !== undefined) return `HTTP ${status} without a message`
  return 'the provider gave no reason'
}
