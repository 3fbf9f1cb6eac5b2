import { toIsoText } from '../platform/clock.ts'
import type { CallAttempt, CallRecord, DecisionRecord } from '../telemetry/call-record.ts'
import { plural, spellDuration, spellMoment } from './spell.ts'
import { printable, wrap } from './table.ts'
import type { Terminal } from './terminal.ts'
import { OUTCOME_SIGNS, outcomeWord, spellTook } from './trace-table.ts'

/** What each decision means for the caller. */
const ACTIONS: Readonly<Record<string, string>> = {
  rotate: 'the next credential',
  try_another: 'another credential',
  retry: 'the same again',
  wait: 'wait',
  refresh: 'renew the token',
  reread: 'read the credential again',
  repair: 'repair the request',
  fallback: 'the next route',
  skip: 'pass over',
  replay: 'send the whole conversation',
  estimate: 'count here',
  stay: 'stay on the fallback',
  surface: 'tell the client',
  stop: 'stop',
}

/** The whole story of one call: who was asked, why they and not the others, what came of it, what was decided. */
export function traceStory(
  call: CallRecord,
  { colors, columns }: Pick<Terminal, 'colors' | 'columns'>,
  nowMs: number,
): readonly string[] {
  const width = Math.min(columns, 120)
  const say = (text: string, indent: number) => wrap(printable(text), width, indent).split('\n')
  const dim = (text: string, indent: number) => say(text, indent).map(colors.dim)
  const paint = { answered: colors.green, failed: colors.red, cancelled: colors.dim, running: colors.yellow }
  const took = spellTook((call.endedAtMs ?? nowMs) - call.startedAtMs)
  const began = `${toIsoText(call.startedAtMs).slice(0, 19).replace('T', ' ')} UTC`
  const decided = (after: number) =>
    call.decisions.filter(({ afterAttempt }) => afterAttempt === after).flatMap((each) => dim(decisionText(each), 5))
  const attempts = call.attempts.flatMap((each) => {
    const since = each.startedAtMs - call.startedAtMs
    const outcome = each.outcome ?? 'running'
    return [
      ...say(`${each.attempt}  ${each.credential}  ${each.provider}/${each.model}  +${spellTook(since)}`, 2).map(
        colors.bold,
      ),
      ...(each.trial ? dim('a trial of its bench', 5) : []),
      ...choiceTexts(each).flatMap((text) => dim(text, 5)),
      ...say(`${OUTCOME_SIGNS[outcome]} ${resultText(each)}`, 5).map(paint[outcome]),
      ...(each.message === undefined ? [] : say(`"${each.message}"`, 7)),
      ...benchTexts(each).flatMap((text) => dim(text, 7)),
      ...decided(each.attempt),
    ]
  })
  return [
    ...say(`${call.id}`, 0).map(colors.bold),
    ...say(`${OUTCOME_SIGNS[call.outcome]} ${endText(call, took)}`, 2).map(paint[call.outcome]),
    ...(call.attempts.length > 0 || call.message === undefined ? [] : say(`"${call.message}"`, 4)),
    ...say(`began ${began}; asked for ${call.model} over ${call.wire}${asked(call)}`, 2),
    ...(call.route === undefined || call.outcome !== 'answered' ? [] : say(servedText(call), 2)),
    '',
    ...decided(0),
    ...(attempts.length === 0 ? dim('no credential was asked', 2) : attempts),
  ]
}

function asked({ stream, client }: CallRecord): string {
  const by = client === undefined || client === 'other' ? '' : `, by ${client}`
  return `${stream ? ', as a stream' : ''}${by}`
}

function endText(call: CallRecord, took: string): string {
  if (call.outcome === 'running')
    return `began ${took} ago and has not ended: it still runs, or its process died before it could tell`
  return `${outcomeWord(call)} after ${took}`
}

function servedText({ route, attempts, fallbackReason, meteredFallback, replayed }: CallRecord): string {
  const fallback = fallbackReason === undefined ? '' : `; not the first route, because of ${fallbackReason}`
  const metered = meteredFallback === undefined ? '' : '; this route costs money for each call'
  const whole = replayed === undefined ? '' : `; with the conversation of ${plural(replayed, 'response')} in it`
  return `served by ${route ?? '?'} with ${attempts.at(-1)?.credential ?? '?'}${fallback}${metered}${whole}`
}

function choiceTexts({ why }: CallAttempt): readonly string[] {
  if (why === undefined) return []
  const others = why.others.map(({ label, standing }) => `${label} (${standing})`)
  return [`because ${why.because}`, ...(others.length === 0 ? [] : [`not ${others.join(', ')}`])]
}

function resultText({ outcome, label, status, durationMs, timeToFirstOutputMs }: CallAttempt): string {
  const after = durationMs === undefined ? '' : ` after ${spellTook(durationMs)}`
  if (outcome === undefined) return 'no end known'
  if (outcome === 'answered') {
    const first = timeToFirstOutputMs === undefined ? '' : `, first output after ${spellTook(timeToFirstOutputMs)}`
    return `answered${after}${first}`
  }
  const where = status === undefined ? '' : status < 300 ? ` (inside HTTP ${status})` : ` (HTTP ${status})`
  return `${label ?? outcome}${where}${after}`
}

function benchTexts({ rule, benchedUntilMs, startedAtMs, durationMs }: CallAttempt): readonly string[] {
  const bench =
    benchedUntilMs === undefined
      ? []
      : [
          `benched for ${spellDuration(benchedUntilMs - startedAtMs - (durationMs ?? 0))}, until ${spellMoment(benchedUntilMs)}`,
        ]
  return [...(rule === undefined ? [] : [`rule ${rule}`]), ...bench]
}

function decisionText({ action, reason, delayMs }: DecisionRecord): string {
  const wait = delayMs === undefined ? '' : ` in ${spellTook(delayMs)}`
  return `-> ${ACTIONS[action] ?? action}${wait}: ${reason}`
}
