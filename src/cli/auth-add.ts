import { fingerprintOf } from '../pool/fingerprint.ts'
import type { Provider } from '../providers/provider.ts'
import { accountKey } from '../oauth/account-identity.ts'
import { CliError, EXIT } from './cli-error.ts'
import { definitionOf } from '../config/resolve.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import { type CliContext, printJson, readConfig, requireProvider, withRuntime } from './context.ts'
import { freeLabel } from './free-label.ts'
import { checkSecretOptions, namesSecret, readGivenSecret, type SecretOptions } from './given-secret.ts'
import { printable } from './table.ts'

export interface AuthAddOptions extends SecretOptions {
  readonly type?: string
  readonly accountId?: string
  readonly label?: string
  readonly priority?: string
  readonly baseUrl?: string
  readonly device?: boolean
  readonly browser?: boolean
}

/** `sparekey auth add`: adds an API key, a reference to one, or a pasted access token. */
export async function authAdd(context: CliContext, name: string, options: AuthAddOptions): Promise<void> {
  if (await wantsLogin(context, name, options)) {
    const { authLogin } = await import('./auth-login.ts')
    const { priority, baseUrl, ...rest } = options
    return authLogin(context, name, {
      ...rest,
      ...(priority === undefined ? {} : { priority: Number(priority) }),
      ...(baseUrl === undefined ? {} : { baseUrl: baseUrl.replace(/\/+$/, '') }),
    })
  }
  await withRuntime(context, async (runtime) => {
    const provider = requireProvider(runtime.config, name)
    const definition = runtime.definitionOf(provider)
    if (definition === undefined) throw new CliError(EXIT.usage, `"${provider}" has no definition`)
    checkOptions(definition, options)
    const given = await readGivenSecret(context, provider, options)
    const identity = definition.identify?.(given.token)
    const accountId = options.accountId ?? identity?.accountId
    const key = accountKey({ ...identity, ...(accountId === undefined ? {} : { accountId }) })
    if (definition.auth.includes('oauth') && !definition.auth.includes('api-key') && accountId === undefined) {
      throw new CliError(
        EXIT.usage,
        'the token does not say which account it belongs to',
        'add --account-id ID (the ChatGPT account id)',
      )
    }
    if (identity?.expiresAtMs !== undefined && identity.expiresAtMs <= context.platform.clock.now()) {
      throw new CliError(
        EXIT.failed,
        'this access token has expired',
        'sign in again with the client that it came from and paste the new token',
      )
    }
    const taken = (await runtime.pool.describe(provider)).map(({ credential }) => credential.label)
    const expires = identity?.expiresAtMs === undefined ? {} : { expiresAtMs: identity.expiresAtMs }
    const account = accountId === undefined ? {} : { accountId }
    const credential = await runtime.store.addCredential(
      {
        id: context.platform.random.id('cred'),
        provider,
        label:
          options.label ??
          freeLabel(identity?.email ?? (given.source.kind === 'env' ? given.source.variable : provider), taken),
        type: definition.auth.includes('api-key') ? 'api-key' : 'oauth',
        source: given.source,
        ...(options.priority === undefined ? {} : { priority: Number(options.priority) }),
        ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl.replace(/\/+$/, '') }),
        ...(key === undefined ? {} : { accountId: key }),
        fingerprint: fingerprintOf(given.token),
        ...(given.source.kind !== 'stored' ? {} : { secret: { token: given.token, ...account, ...expires } }),
      },
      context.platform.clock.now(),
    )
    if (context.json) {
      printJson(context, {
        id: credential.id,
        provider,
        label: credential.label,
        type: credential.type,
        source: given.source.kind,
        fingerprint: credential.fingerprint,
        account_id: credential.accountId ?? null,
        priority: credential.priority,
      })
      return
    }
    const { colors } = context.terminal
    context.terminal.out(
      `${colors.green('✓')} ${provider}: added "${printable(credential.label)}" (${credential.type}, fingerprint ${credential.fingerprint})`,
    )
    if (options.apiKey !== undefined)
      context.terminal.err(
        'note: a key on the command line stays in your shell history; next time use --api-key-stdin, --api-key-env, --api-key-file or --api-key-command',
      )
    if (definition.id === 'openai-codex')
      context.terminal.err(
        'note: a pasted token is not refreshed; "sparekey auth login openai-codex" makes a login that can be',
      )
  })
}

function checkOptions(definition: Provider, options: AuthAddOptions): void {
  checkSecretOptions(options)
  if (options.type !== undefined && options.type !== 'api-key' && options.type !== 'oauth')
    throw new CliError(EXIT.usage, `--type is api-key or oauth, not "${options.type}"`)
  checkWishes(options)
}

/** Without a key, `--type oauth` means a login; so does a person at a provider that knows nothing else. */
async function wantsLogin(context: CliContext, name: string, options: AuthAddOptions): Promise<boolean> {
  if (namesSecret(options)) return false
  if (options.type === 'oauth') {
    checkWishes(options)
    return true
  }
  if (options.type !== undefined || options.accountId !== undefined || !context.terminal.interactive) return false
  checkWishes(options)
  const config = await readConfig(context)
  const definition = definitionOf(config, PROVIDERS, requireProvider(config, name))
  return definition !== undefined && !definition.auth.includes('api-key')
}

function checkWishes(options: AuthAddOptions): void {
  if (options.priority !== undefined && !/^-?\d{1,6}$/.test(options.priority))
    throw new CliError(EXIT.usage, `--priority is a whole number, not "${options.priority}"`)
  if (options.baseUrl !== undefined && !/^https?:\/\/[^\s/]+/.test(options.baseUrl))
    throw new CliError(EXIT.usage, '--base-url is an absolute http(s) URL')
  if (options.label !== undefined && !/^\P{Cc}{1,100}$/u.test(options.label))
    throw new CliError(EXIT.usage, '--label is one line of at most 100 characters')
}
