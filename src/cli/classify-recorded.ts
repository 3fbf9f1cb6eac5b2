import type { Config } from '../config/config.ts'
import type { Failure } from '../failure/evidence.ts'
import { readRecords } from '../runtime/failure-recorder.ts'
import { evidenceOf, type RecordedFailure } from '../runtime/recorded-failure.ts'
import { CliError, EXIT } from './cli-error.ts'
import { classifyLine, parseLine } from './classify-line.ts'
import { type CliContext, homeFor, printJson, readConfig } from './context.ts'
import { layOut } from './table.ts'

/** `sparekey classify --recorded [number]`: failures that no row knew for sure, judged anew; one of them as a fixture. */
export async function classifyRecorded(context: CliContext, which: string | true): Promise<void> {
  const config = await readConfig(context)
  const records = await readRecords(homeFor(context).failures)
  const now = context.platform.clock.now()
  const judged = records.map((record) => ({ record, failure: judge(record, now, config) }))
  if (which !== true) {
    const chosen = /^\d{1,4}$/.test(which) ? judged[Number(which) - 1] : undefined
    if (chosen === undefined)
      throw new CliError(
        EXIT.usage,
        `there is no recorded failure ${which}`,
        'the numbers stand in "sparekey classify --recorded"',
      )
    context.terminal.out(JSON.stringify(fixtureOf(chosen.record, chosen.failure), null, 2))
    return
  }
  if (context.json) {
    return printJson(context, {
      recorded: judged.map(({ record, failure }) => ({
        ...record,
        label: failure.label,
        rule: failure.rule,
        message: failure.message,
      })),
    })
  }
  const { terminal } = context
  if (judged.length === 0) return terminal.out('nothing recorded: every failure so far was known')
  const rows = judged.map(({ record, failure }, index) => [
    String(index + 1),
    record.provider,
    record.status === undefined ? '-' : String(record.status),
    `${record.count} x`,
    record.got === failure.label ? failure.label : `${record.got} -> ${failure.label}`,
    failure.message,
  ])
  for (const line of layOut(rows, terminal.columns)) terminal.out(line)
  terminal.out('\n  sparekey classify --recorded 1   prints one as a fixture: test/fixtures/<provider>/<what>.json')
  terminal.out('  a row under "rules" of its provider in config.yaml teaches sparekey what it means')
}

function judge(record: RecordedFailure, nowMs: number, config: Config): Failure {
  const parsed = parseLine(JSON.stringify(record))
  if ('problem' in parsed) throw new CliError(EXIT.failed, `failures.jsonl: ${parsed.problem}`)
  return classifyLine(parsed.line, nowMs, config)
}

function fixtureOf(record: RecordedFailure, { retryAfterMs, resetAt }: Failure): Record<string, unknown> {
  return {
    evidence: evidenceOf(record),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(resetAt === undefined ? {} : { resetAt }),
  }
}
