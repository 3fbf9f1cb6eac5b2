import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, withRuntime } from './context.ts'
import type { Findings } from './found-credential.ts'
import { importCodex } from './import-codex.ts'
import { importEnvironment } from './import-environment.ts'
import { importHermes } from './import-hermes.ts'
import { importLitellm } from './import-litellm.ts'
import { type FoundOutcome, keepFound } from './keep-found.ts'
import { plural } from './spell.ts'
import { layOut, printable, wrap } from './table.ts'

export interface AuthImportOptions {
  readonly dryRun?: boolean
  readonly takeRefreshToken?: boolean
}

const SOURCES: Readonly<Record<string, (context: CliContext, path: string | undefined) => Promise<Findings>>> = {
  codex: importCodex,
  hermes: importHermes,
  env: importEnvironment,
  litellm: importLitellm,
}

const LEFT =
  'note: refresh tokens were left where they are. They work once: whoever uses one logs the other program out. ' +
  'So a borrowed login lasts as long as its access token; import again for a newer one, or make a login of your own with "sparekey auth login".'
const TAKEN =
  'note: refresh tokens were taken. The first refresh here logs the other program out, and the other way round: do not use it with this account any more.'

/** `sparekey auth import`: reads other tools' credentials and never writes them. */
export async function authImport(
  context: CliContext,
  source: string,
  path: string | undefined,
  options: AuthImportOptions,
): Promise<void> {
  const read = Object.hasOwn(SOURCES, source) ? SOURCES[source] : undefined
  if (read === undefined)
    throw new CliError(
      EXIT.usage,
      `importing from "${printable(source)}" is not supported`,
      `supported are ${Object.keys(SOURCES).join(', ')}, backup`,
    )
  const { found: all, skipped } = await read(context, path)
  // A file may name one login in two places.
  const found = all.filter(
    (each, index) =>
      all.findIndex((one) => one.provider === each.provider && one.fingerprint === each.fingerprint) === index,
  )
  if (found.length === 0) {
    const reasons = skipped.map(({ what, why }) => `${printable(what)}: ${printable(why)}`)
    throw new CliError(
      EXIT.nothingAvailable,
      `nothing to import from ${source}${reasons.length === 0 ? '' : `\n  ${reasons.join('\n  ')}`}`,
      'nothing was changed',
    )
  }
  const dryRun = options.dryRun === true
  const takeRefreshToken = options.takeRefreshToken === true
  await withRuntime(context, async (runtime) => {
    const results: { provider: string; label: string; outcome: FoundOutcome; hasRefresh: boolean }[] = []
    for (const each of found) {
      const kept = await keepFound(context, runtime, each, { dryRun, takeRefreshToken })
      results.push({ provider: each.provider, ...kept, hasRefresh: each.borrowedRefresh !== undefined })
    }
    const isNew = (outcome: FoundOutcome) => outcome !== 'already there'
    const borrows = results.some(({ hasRefresh, outcome }) => hasRefresh && isNew(outcome))
    if (context.json) {
      printJson(context, {
        source,
        dry_run: dryRun,
        refresh_tokens: borrows ? (takeRefreshToken ? 'taken' : 'left') : 'none',
        credentials: results.map(({ provider, label, outcome }) => ({ provider, label, outcome })),
        skipped,
      })
      return
    }
    const { terminal } = context
    for (const line of layOut(
      results.map(({ provider, label, outcome }) => [provider, label, outcome]),
      terminal.columns,
      0,
    ))
      terminal.out(line)
    for (const { what, why } of skipped) terminal.err(`skipped ${printable(what)}: ${printable(why)}`)
    const count = (outcome: FoundOutcome) => results.filter((each) => each.outcome === outcome).length
    const updated = count('updated') === 0 ? '' : `, ${count('updated')} updated`
    terminal.out(`${plural(count('added'), 'credential')} added${updated}${dryRun ? ' (dry run)' : ''}`)
    if (borrows) terminal.err(wrap(takeRefreshToken ? TAKEN : LEFT, terminal.columns))
  })
}
