import { accountKey } from '../oauth/account-identity.ts'
import type { IssuedTokens } from '../oauth/issued-tokens.ts'
import { logIn } from '../oauth/log-in.ts'
import type { OAuthSettings } from '../oauth/oauth-settings.ts'
import { toIsoText } from '../platform/clock.ts'
import { hasBrowser, openBrowser } from '../platform/open-browser.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, requireProvider, withRuntime } from './context.ts'
import { interruptible } from './interruptible.ts'
import { keepLogin, type KeptLogin } from './keep-login.ts'
import { loginScreen } from './login-screen.ts'
import { loginError, oauthFor, withLoginTools } from './oauth-for.ts'
import { spellDuration } from './spell.ts'
import { printable } from './table.ts'

export interface AuthLoginOptions {
  readonly label?: string
  readonly device?: boolean
  /** False with `--no-browser`. */
  readonly browser?: boolean
  readonly priority?: number
  readonly baseUrl?: string
  readonly signal?: AbortSignal
}

/** `sparekey auth login`: signs in with an account of its own, so that no other program's login is touched. */
export async function authLogin(context: CliContext, name: string, options: AuthLoginOptions): Promise<void> {
  if (options.label !== undefined && !/^\P{Cc}{1,100}$/u.test(options.label))
    throw new CliError(EXIT.usage, '--label is one line of at most 100 characters')
  // The store is opened first: a login that cannot be kept would be one too many.
  await withRuntime(context, async (runtime) => {
    const provider = requireProvider(runtime.config, name)
    const settings = oauthFor(context, runtime, provider)
    const tokens = await signIn(context, runtime, provider, settings, options)
    const kept = await keepLogin(context, runtime, provider, tokens, options)
    tell(context, provider, tokens, kept)
  })
}

async function signIn(
  context: CliContext,
  runtime: Runtime,
  provider: string,
  settings: OAuthSettings,
  options: AuthLoginOptions,
): Promise<IssuedTokens> {
  const screen = loginScreen(context, runtime.definitionOf(provider)?.label ?? provider)
  const how = waysOf(context, settings, options)
  const outcome = await interruptible(options.signal, (signal) =>
    withLoginTools(context, runtime, provider, signal, (tools) =>
      logIn(settings, how.flow, tools, {
        device: (prompt) => screen.device(prompt),
        browser: (prompt) => {
          const opened = how.opens ? openBrowser(prompt.url, context.environment) : Promise.resolve(false)
          void screen.browser(prompt, opened)
        },
      }),
    ),
  ).finally(() => screen.close())
  if (!outcome.ok) throw loginError(outcome.problem)
  return outcome.value
}

/** A code works from anywhere, a browser must be on this machine: without one, or over SSH, the code is the way. */
function waysOf(
  context: CliContext,
  settings: OAuthSettings,
  options: AuthLoginOptions,
): { readonly flow: 'device' | 'browser'; readonly opens: boolean } {
  if (options.device === true) return { flow: 'device', opens: false }
  const canOpen = options.browser !== false && context.terminal.interactive && hasBrowser(context.environment)
  const hasDevice = settings.flavour === 'chatgpt' || settings.deviceUrl !== undefined
  return canOpen || !hasDevice ? { flow: 'browser', opens: canOpen } : { flow: 'device', opens: false }
}

function tell(context: CliContext, provider: string, tokens: IssuedTokens, kept: KeptLogin): void {
  const { credential, outcome } = kept
  const { identity, expiresAtMs } = tokens
  if (context.json) {
    return printJson(context, {
      id: credential.id,
      provider,
      label: credential.label,
      type: credential.type,
      outcome,
      email: identity.email ?? null,
      plan: identity.plan ?? null,
      account_id: accountKey(identity) ?? null,
      fingerprint: credential.fingerprint,
      expires_at: expiresAtMs === undefined ? null : toIsoText(expiresAtMs),
    })
  }
  const { terminal, platform } = context
  const { colors } = terminal
  const plan = identity.plan === undefined ? '' : `, plan ${printable(identity.plan)}`
  const life = expiresAtMs === undefined ? '' : `, token for ${spellDuration(expiresAtMs - platform.clock.now())}`
  const done =
    outcome === 'added'
      ? `signed in as "${printable(credential.label)}"`
      : `replaced the login of "${printable(credential.label)}": it is the same account`
  terminal.out(`${colors.green('✓')} ${provider}: ${done}${plan}${life}`)
  if (kept.labelTaken !== undefined)
    terminal.err(
      `note: "${printable(kept.labelTaken)}" is another account; this one is called "${printable(credential.label)}"`,
    )
}
