import { readFile } from 'node:fs/promises'
import { toIsoText } from '../platform/clock.ts'
import { providerNamed } from '../providers/_registry.ts'
import { DEFAULT_POLICY } from '../recovery/policy.ts'
import { LABELS } from '../failure/labels.ts'
import { CliError, EXIT } from './cli-error.ts'
import { classifyLine, parseLine } from './classify-line.ts'
import { classifyRecorded } from './classify-recorded.ts'
import { scoreCorpus } from './classify-corpus.ts'
import { type CliContext, readConfig } from './context.ts'
import { spellDuration, spellMoment } from './spell.ts'
import { wrap } from './table.ts'

export interface ClassifyOptions {
  readonly corpus?: string
  readonly recorded?: string | true
}

/** `sparekey classify`: the verdict on error payloads, one JSON object or JSON Lines. */
export async function classifyCommand(
  context: CliContext,
  file: string | undefined,
  options: ClassifyOptions,
): Promise<void> {
  if (options.corpus !== undefined) return scoreCorpus(context, await readText(context, options.corpus))
  if (options.recorded !== undefined) return classifyRecorded(context, options.recorded)
  if (file === undefined && context.terminal.interactive)
    throw new CliError(EXIT.usage, 'give a file, or - for standard input')
  const text = await readText(context, file ?? '-')
  const lines = splitInput(text)
  const config = await readConfig(context)
  if (lines.length === 0) throw new CliError(EXIT.usage, 'there is nothing to classify: the input is empty')
  for (const [index, each] of lines.entries()) {
    const parsed = parseLine(each)
    if ('problem' in parsed)
      throw new CliError(
        EXIT.usage,
        `line ${index + 1}: ${parsed.problem}`,
        'each line is { provider, api, surface, status, headers, event, body, error }',
      )
    const failure = classifyLine(parsed.line, context.platform.clock.now(), config)
    const action = DEFAULT_POLICY[failure.label].tries[0] ?? 'surface'
    if (context.json || lines.length > 1) {
      const { label, blame, retryAfterMs, resetAt, modelScoped, rule } = failure
      const verdict = {
        label,
        blame,
        retryAfterMs: retryAfterMs ?? null,
        resetAt: resetAt === undefined ? null : toIsoText(resetAt),
        modelScoped,
        action,
        rule,
      }
      context.terminal.out(JSON.stringify(verdict))
      continue
    }
    const { colors, columns } = context.terminal
    context.terminal.out(`${colors.bold(failure.label)}  ${LABELS[failure.label].meaning}`)
    context.terminal.out(`  to blame   ${failure.blame}${failure.modelScoped ? ', for this model only' : ''}`)
    context.terminal.out(`  says       ${wrap(failure.message, columns, 13).trimStart()}`)
    context.terminal.out(`  because    ${failure.rule} (${failure.confidence})`)
    if (failure.retryAfterMs !== undefined) context.terminal.out(`  wait       ${spellDuration(failure.retryAfterMs)}`)
    if (failure.resetAt !== undefined) context.terminal.out(`  resets     ${spellMoment(failure.resetAt)}`)
    context.terminal.out(
      `  then       ${DEFAULT_POLICY[failure.label].tries.map((each) => each.replace('_', ' ')).join(', ')}`,
    )
    if (!Object.hasOwn(config.providers, parsed.line.provider) && providerNamed(parsed.line.provider) === undefined)
      context.terminal.err(`note: "${parsed.line.provider}" has no rules of its own; only the common ones were used`)
  }
}

async function readText(context: CliContext, file: string): Promise<string> {
  if (file === '-') return context.terminal.readInput()
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(
      EXIT.failed,
      `${file} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'})`,
    )
  }
}

/** One object over several lines, or one object on each line. */
function splitInput(text: string): readonly string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  if (trimmed === '') return []
  try {
    JSON.parse(trimmed)
    return [trimmed]
  } catch {
    return trimmed.split('\n').filter((line) => line.trim() !== '')
  }
}
