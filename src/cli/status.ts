import type { Described, Outlook } from '../pool/pool.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { poolLines } from './auth-list.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, withRuntime } from './context.ts'
import { credentialJson } from './describe-pool.ts'
import { plural, spellDuration } from './spell.ts'
import type { Terminal } from './terminal.ts'

/** What the pools could do at one moment. */
export interface PoolStatus {
  readonly atMs: number
  readonly ready: number
  readonly pools: ReadonlyArray<{
    readonly provider: string
    readonly described: readonly Described[]
    readonly outlook: Outlook
  }>
}

/** `sparekey status`: what the pools could do now. Exit code 3 when no credential is ready. */
export async function status(context: CliContext): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const now = await readStatus(runtime, context.platform.clock.now())
    if (context.json) printJson(context, statusJson(now))
    else for (const line of statusLines(context.terminal, now)) context.terminal.out(line)
    if (now.ready > 0) return
    throw new CliError(
      EXIT.nothingAvailable,
      now.pools.length === 0 ? 'there are no credentials yet' : 'no credential is ready',
      now.pools.length === 0
        ? 'add one with "sparekey auth add <provider>"'
        : 'see "sparekey auth list"; "sparekey auth reset <provider>" lifts benches',
    )
  })
}

export async function readStatus(runtime: Runtime, nowMs: number): Promise<PoolStatus> {
  const pools = await Promise.all(
    [...(await runtime.holders())].sort().map(async (provider) => ({
      provider,
      described: await runtime.pool.describe(provider),
      outlook: await runtime.pool.outlook({ provider, model: '', tried: new Map() }),
    })),
  )
  return { atMs: nowMs, ready: pools.reduce((sum, { outlook }) => sum + outlook.ready, 0), pools }
}

export function statusLines(terminal: Pick<Terminal, 'colors' | 'columns'>, now: PoolStatus): readonly string[] {
  return now.pools.flatMap(({ provider, described, outlook: { ready, why } }) => {
    const back =
      ready === 0 && why.earliestReturnMs !== undefined
        ? `, first back in ${spellDuration(why.earliestReturnMs - now.atMs)}`
        : ''
    return [
      `${terminal.colors.bold(provider)}  ${ready} of ${plural(why.total, 'credential')} ready${back}`,
      ...poolLines(terminal, described, now.atMs),
    ]
  })
}

export function statusJson({ ready, pools, atMs }: PoolStatus) {
  return {
    ready,
    pools: pools.map(({ provider, described, outlook: { ready: count, why } }) => ({
      provider,
      ready: count,
      total: why.total,
      benched: why.benched,
      dead: why.dead,
      earliest_return_ms: why.earliestReturnMs ?? null,
      credentials: described.map((each, index) => credentialJson(each, index + 1, atMs)),
    })),
  }
}
