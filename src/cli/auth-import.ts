import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NewCredential, StoreError } from '../pool/store-contract.ts'
import { fingerprintOf } from '../pool/fingerprint.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, withRuntime } from './context.ts'
import { plural } from './spell.ts'
import { layOut } from './table.ts'

/** A credential found elsewhere, before it is ours. */
type Found = Omit<NewCredential, 'id'>

const SOURCES: Readonly<Record<string, (context: CliContext, path: string | undefined) => Promise<readonly Found[]>>> =
  { codex: fromCodex, env: fromEnvironment }

/** `sparekey auth import`: reads other tools' credentials and never writes them. */
export async function authImport(
  context: CliContext,
  source: string,
  path: string | undefined,
  options: { readonly dryRun?: boolean },
): Promise<void> {
  const read = SOURCES[source]
  if (read === undefined)
    throw new CliError(
      EXIT.usage,
      `importing from "${source}" is not supported`,
      `supported are ${Object.keys(SOURCES).join(', ')}`,
    )
  const found = await read(context, path)
  if (found.length === 0) throw new CliError(EXIT.nothingAvailable, `nothing to import from ${source}`)
  await withRuntime(context, async (runtime) => {
    const results: { provider: string; label: string; outcome: string }[] = []
    for (const each of found) {
      let outcome = 'would be added'
      if (options.dryRun !== true) {
        try {
          await runtime.store.addCredential(
            { ...each, id: context.platform.random.id('cred') },
            context.platform.clock.now(),
          )
          outcome = 'added'
        } catch (error) {
          if (!(error instanceof StoreError && error.code.startsWith('duplicate'))) throw error
          outcome = 'already there'
        }
      }
      results.push({ provider: each.provider, label: each.label, outcome })
    }
    if (context.json) return printJson(context, { source, dry_run: options.dryRun === true, credentials: results })
    for (const line of layOut(
      results.map(({ provider, label, outcome }) => [provider, label, outcome]),
      context.terminal.columns,
      0,
    ))
      context.terminal.out(line)
    context.terminal.out(
      `${plural(results.filter(({ outcome }) => outcome === 'added').length, 'credential')} added${options.dryRun === true ? ' (dry run)' : ''}`,
    )
  })
}

/** `$CODEX_HOME/auth.json`. The refresh token stays where it is: two programs that refresh one login kill it. */
async function fromCodex(context: CliContext, path: string | undefined): Promise<readonly Found[]> {
  const home = context.environment.read('CODEX_HOME') ?? join(context.environment.homeDirectory(), '.codex')
  const file = path ?? join(home, 'auth.json')
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not valid JSON'
    throw new CliError(
      EXIT.failed,
      `the Codex login cannot be read (${code})`,
      'sign in with "codex login", or give the path of its auth.json',
    )
  }
  const top = record(parsed)
  const tokens = record(top?.['tokens'])
  const found: Found[] = []
  const token = tokens?.['access_token']
  const definition = PROVIDERS['openai-codex']
  if (typeof token === 'string' && token !== '') {
    const identity = definition?.identify?.(token)
    const accountId = typeof tokens?.['account_id'] === 'string' ? tokens['account_id'] : identity?.accountId
    const account = accountId === undefined ? {} : { accountId }
    found.push({
      provider: 'openai-codex',
      label: identity?.email ?? 'codex',
      type: 'oauth',
      source: { kind: 'stored' },
      fingerprint: fingerprintOf(token),
      ...account,
      secret: {
        token,
        ...account,
        ...(identity?.expiresAtMs === undefined ? {} : { expiresAtMs: identity.expiresAtMs }),
      },
    })
  }
  const key = top?.['OPENAI_API_KEY']
  if (typeof key === 'string' && key !== '')
    found.push({
      provider: 'openai',
      label: 'codex',
      type: 'api-key',
      source: { kind: 'stored' },
      fingerprint: fingerprintOf(key),
      secret: { token: key },
    })
  return found
}

/** Keys in the environment, as references: the keys themselves are not stored. */
function fromEnvironment(context: CliContext): Promise<readonly Found[]> {
  const found = Object.values(PROVIDERS).flatMap(({ id, environmentVariables }) =>
    environmentVariables.flatMap((variable): readonly Found[] => {
      const token = context.environment.read(variable)
      return token === undefined
        ? []
        : [
            {
              provider: id,
              label: variable,
              type: 'api-key',
              source: { kind: 'env', variable },
              fingerprint: fingerprintOf(token),
            },
          ]
    }),
  )
  return Promise.resolve(found)
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}
