import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, withRuntime } from './context.ts'
import { credentialJson } from './describe-pool.ts'
import { poolLines } from './auth-list.ts'
import { plural, spellDuration } from './spell.ts'

/** `sparekey status`: what the pools could do now. Exit code 3 when no credential is ready. */
export async function status(context: CliContext): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const nowMs = context.platform.clock.now()
    const pools = await Promise.all(
      [...(await runtime.holders())].sort().map(async (provider) => {
        const described = await runtime.pool.describe(provider)
        const outlook = await runtime.pool.outlook({ provider, model: '', tried: new Map() })
        return { provider, described, ...outlook }
      }),
    )
    const ready = pools.reduce((sum, pool) => sum + pool.ready, 0)
    if (context.json) {
      printJson(context, {
        ready,
        pools: pools.map(({ provider, described, ready: count, why }) => ({
          provider,
          ready: count,
          total: why.total,
          benched: why.benched,
          dead: why.dead,
          earliest_return_ms: why.earliestReturnMs ?? null,
          credentials: described.map((each, index) => credentialJson(each, index + 1)),
        })),
      })
    } else {
      const { terminal } = context
      for (const { provider, described, ready: count, why } of pools) {
        const back =
          count === 0 && why.earliestReturnMs !== undefined
            ? `, first back in ${spellDuration(why.earliestReturnMs - nowMs)}`
            : ''
        terminal.out(`${terminal.colors.bold(provider)}  ${count} of ${plural(why.total, 'credential')} ready${back}`)
        for (const line of poolLines(context, described, nowMs)) terminal.out(line)
      }
    }
    if (ready === 0) {
      throw new CliError(
        EXIT.nothingAvailable,
        pools.length === 0 ? 'there are no credentials yet' : 'no credential is ready',
        pools.length === 0
          ? 'add one with "sparekey auth add <provider>"'
          : 'see "sparekey auth list"; "sparekey auth reset <provider>" lifts benches',
      )
    }
  })
}
