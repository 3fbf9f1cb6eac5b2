import { blameOf, FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import type { Failure } from '../failure/evidence.ts'
import { classifyLine, parseLine } from './classify-line.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson } from './context.ts'
import { layOut } from './table.ts'

interface Expected {
  readonly reason: FailureLabel
  readonly retryAfterMs: number | undefined
  readonly resetAt: number | undefined
  readonly modelScoped: boolean | undefined
  readonly alsoOk: readonly string[]
  /** Careful readers disagree about it: another label with the same blame leads to much the same. */
  readonly debatable: boolean
}

interface Judged {
  readonly id: string
  readonly expected: Expected
  readonly failure: Failure
}

/** `sparekey classify --corpus`: accuracy strict and lenient, confusions, and every miss. Exit code 1 below 100 % lenient. */
export function scoreCorpus(context: CliContext, text: string): void {
  const judged = text.split('\n').flatMap((line, index) => judge(line, index + 1, context.platform.clock.now()))
  if (judged.length === 0) throw new CliError(EXIT.usage, 'the corpus is empty')
  const misses = judged.filter(({ expected, failure }) => failure.label !== expected.reason)
  const lenient = judged.filter(({ expected, failure }) => isLenient(expected, failure)).length
  const strict = judged.filter(({ expected, failure }) => failure.label === expected.reason).length
  const timed = judged.filter(({ expected }) => expected.retryAfterMs !== undefined || expected.resetAt !== undefined)
  const times = timed.filter(({ expected, failure }) => timesAgree(expected, failure)).length
  const scoped = judged.filter(({ expected }) => expected.modelScoped !== undefined)
  const scopes = scoped.filter(({ expected, failure }) => failure.modelScoped === expected.modelScoped).length
  const confusion = confusionOf(judged)
  if (context.json) {
    printJson(context, {
      lines: judged.length,
      strict: strict / judged.length,
      lenient: lenient / judged.length,
      times: { right: times, of: timed.length },
      model_scoped: { right: scopes, of: scoped.length },
      confusion,
      misses: misses.map(({ id, expected, failure }) => ({
        id,
        expected: expected.reason,
        got: failure.label,
        rule: failure.rule,
        message: failure.message,
      })),
    })
    return
  }
  const { terminal } = context
  const percent = (count: number, of: number) => (of === 0 ? '-' : `${((count / of) * 100).toFixed(1)} %`)
  for (const line of layOut(
    [
      ['lines', String(judged.length)],
      ['strict', percent(strict, judged.length)],
      ['lenient', percent(lenient, judged.length)],
      ['times', `${times} of ${timed.length}`],
      ['model scope', `${scopes} of ${scoped.length}`],
    ],
    terminal.columns,
    0,
  ))
    terminal.out(line)
  if (confusion.length > 0) terminal.out('\nexpected -> got')
  for (const line of layOut(
    confusion.map(({ expected, got, count }) => [expected, '->', got, String(count)]),
    terminal.columns,
  ))
    terminal.out(line)
  if (misses.length > 0) terminal.out('\nmisses')
  for (const line of layOut(
    misses.map(({ id, expected, failure }) => [
      id,
      `${expected.reason} -> ${failure.label}`,
      failure.rule,
      failure.message,
    ]),
    terminal.columns,
  ))
    terminal.out(line)
}

function judge(text: string, number: number, nowMs: number): readonly Judged[] {
  if (text.trim() === '') return []
  const parsed = parseLine(text)
  if ('problem' in parsed) throw new CliError(EXIT.usage, `line ${number}: ${parsed.problem}`)
  const raw = JSON.parse(text) as {
    readonly id?: string
    readonly label?: Readonly<Record<string, unknown>>
    readonly also_ok?: readonly string[]
    readonly debatable?: unknown
  }
  const { label } = raw
  if (typeof label?.['reason'] !== 'string' || !(FAILURE_LABELS as readonly string[]).includes(label['reason']))
    throw new CliError(EXIT.usage, `line ${number}: label.reason is not one of our labels`)
  const retry = label['retry_after_s']
  const reset = label['reset_at']
  return [
    {
      id: raw.id ?? `line ${number}`,
      expected: {
        reason: label['reason'] as FailureLabel,
        retryAfterMs: typeof retry === 'number' ? retry * 1000 : undefined,
        resetAt: typeof reset === 'string' ? Date.parse(reset) : undefined,
        modelScoped: typeof label['model_scoped'] === 'boolean' ? label['model_scoped'] : undefined,
        alsoOk: raw.also_ok ?? [],
        debatable: raw.debatable !== undefined && raw.debatable !== null && raw.debatable !== false,
      },
      failure: classifyLine(parsed.line, nowMs),
    },
  ]
}

function isLenient({ reason, alsoOk, debatable }: Expected, { label, blame }: Failure): boolean {
  return label === reason || alsoOk.includes(label) || (debatable && blame === blameOf(reason))
}

/** Within a second. */
function timesAgree({ retryAfterMs, resetAt }: Expected, failure: Failure): boolean {
  const near = (left: number | undefined, right: number | undefined) =>
    left === undefined || (right !== undefined && Math.abs(left - right) <= 1000)
  return near(retryAfterMs, failure.retryAfterMs) && near(resetAt, failure.resetAt)
}

function confusionOf(
  judged: readonly Judged[],
): readonly { readonly expected: string; readonly got: FailureLabel; readonly count: number }[] {
  const counts = new Map<string, number>()
  for (const { expected, failure } of judged) {
    if (failure.label === expected.reason) continue
    const key = `${expected.reason} ${failure.label}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts]
    .map(([key, count]) => {
      const [expected = '', got = 'unknown'] = key.split(' ')
      return { expected, got: got as FailureLabel, count }
    })
    .sort((left, right) => right.count - left.count)
}
