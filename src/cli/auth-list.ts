import type { Described } from '../pool/pool.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, requireProvider, withRuntime } from './context.ts'
import { benchLines, credentialJson, standingText } from './describe-pool.ts'
import { type Column, fitTable } from './fit-table.ts'
import { type QuotaLine, quotaLines } from './quota-bars.ts'
import { sourceText } from './source-text.ts'
import { layOut, printable } from './table.ts'
import type { Terminal } from './terminal.ts'

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
          credentials: (await runtime.pool.describe(name)).map((each, index) => credentialJson(each, index + 1, nowMs)),
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
      for (const line of poolLines(terminal, described, nowMs)) terminal.out(line)
    }
    function strategyOf(name: string): string {
      return runtime.config.providers[name]?.strategy ?? 'fill_first'
    }
  })
}

const INDENT = 2
const POOL_COLUMNS: readonly Column[] = [
  { title: '' },
  { title: '' },
  { title: '', shrinks: true },
  { title: '' },
  { title: '' },
  { title: '' },
]

/** One line for each credential; beneath it its benches with their evidence, and its windows. Nothing is longer than the terminal is wide. */
export function poolLines(
  { colors, columns }: Pick<Terminal, 'colors' | 'columns'>,
  described: readonly Described[],
  nowMs: number,
): readonly string[] {
  const standings = described.map((each) => standingText(each, nowMs))
  const rows = described.map(({ credential, next }, index) => [
    String(index + 1),
    standings[index]?.mark ?? '',
    printable(credential.label),
    credential.type,
    sourceText(credential.source).replace(':', ' '),
    `${standings[index]?.text ?? ''}${next ? '  <-' : ''}`,
  ])
  const tones = { good: (text: string) => text, waiting: colors.yellow, bad: colors.red }
  const quotaTones: Record<QuotaLine['tone'], (text: string) => string> = {
    good: colors.green,
    low: colors.yellow,
    used_up: colors.red,
    aside: colors.dim,
  }
  // A long label gives way: the reason and the time left are what people came for.
  const { lines } = fitTable(POOL_COLUMNS, rows, columns - INDENT)
  return lines.flatMap((bare, index) => {
    const line = `${' '.repeat(INDENT)}${bare}`
    const each = described[index]
    if (each === undefined) return [line]
    const quota = each.quota
    const beneath = each.benches.flatMap((bench) => benchLines(bench, nowMs)).map((text) => [text])
    return [
      tones[standings[index]?.tone ?? 'good'](line),
      ...layOut(beneath, columns, 7).map(colors.dim),
      ...(quota === undefined ? [] : quotaLines(quota, nowMs, columns)).map(({ text, tone }) => quotaTones[tone](text)),
    ]
  })
}
