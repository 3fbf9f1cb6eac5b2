import type { Described } from '../pool/pool.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, requireProvider, withRuntime } from './context.ts'
import { credentialJson, standingText } from './describe-pool.ts'
import { spellMoment } from './spell.ts'
import { layOut, printable } from './table.ts'

/** `sparekey auth list`: every credential with its status, and who is next. */
export async function authList(context: CliContext, only: string | undefined): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const named = only === undefined ? undefined : requireProvider(runtime.config, only)
    const holders = [...(await runtime.holders())].sort()
    const providers = named === undefined ? holders : [named]
    const nowMs = context.platform.clock.now()
    if (context.json) {
      const listed = await Promise.all(
        providers.map(async (name) => ({
          provider: name,
          strategy: strategyOf(name),
          credentials: (await runtime.pool.describe(name)).map((each, index) => credentialJson(each, index + 1)),
        })),
      )
      printJson(context, { providers: listed })
      return
    }
    const { terminal } = context
    if (providers.length === 0 || (named !== undefined && !holders.includes(named))) {
      throw new CliError(
        EXIT.nothingAvailable,
        named === undefined ? 'there are no credentials yet' : `${named} has no credentials`,
        `add one with "sparekey auth add ${named ?? 'openai'} --api-key-stdin"`,
      )
    }
    for (const name of providers) {
      const described = await runtime.pool.describe(name)
      terminal.out(`${terminal.colors.bold(name)}  ${strategyOf(name)}`)
      for (const line of poolLines(context, described, nowMs)) terminal.out(line)
    }
    function strategyOf(name: string): string {
      return runtime.config.providers[name]?.strategy ?? 'fill_first'
    }
  })
}

/** One line for each credential, with the reset of a bench beneath it. */
export function poolLines(context: CliContext, described: readonly Described[], nowMs: number): readonly string[] {
  const { colors, columns } = context.terminal
  const rows = described.map((each, index) => {
    const { mark, text } = standingText(each, nowMs)
    const { credential } = each
    const source = credential.source.kind === 'env' ? `env ${credential.source.variable}` : 'stored'
    return [
      String(index + 1),
      mark,
      printable(credential.label),
      credential.type,
      source,
      `${text}${each.next ? '  <-' : ''}`,
    ]
  })
  const lines = layOut(rows, columns)
  return lines.flatMap((line, index) => {
    const each = described[index]
    if (each === undefined) return [line]
    const { tone } = standingText(each, nowMs)
    const painted = tone === 'bad' ? colors.red(line) : tone === 'waiting' ? colors.yellow(line) : line
    const { standing } = each
    return standing.kind === 'benched'
      ? [
          painted,
          colors.dim(
            `       until ${spellMoment(standing.untilMs)}; next trial ${spellMoment(standing.bench.trialAtMs)}`,
          ),
        ]
      : [painted]
  })
}
