import type { OAuthSettings } from '../oauth/oauth-settings.ts'
import { settleOAuth } from '../oauth/oauth-settings.ts'
import type { LoginProblem, LoginProblemKind } from '../oauth/login-problem.ts'
import type { LoginTools } from '../oauth/ask-server.ts'
import { undiciNetwork } from '../platform/undici-network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { CliError, EXIT, type ExitCode } from './cli-error.ts'
import type { CliContext } from './context.ts'
import { VERSION } from './version.ts'

/** Where and as whom a provider's logins are made. @throws CliError that says what the configuration lacks */
export function oauthFor(context: CliContext, runtime: Runtime, provider: string): OAuthSettings {
  const { oauth } = runtime.config.providers[provider] ?? {}
  const variable = oauth?.clientSecretEnv
  const clientSecret = variable === undefined ? undefined : context.environment.read(variable)
  if (variable !== undefined && clientSecret === undefined)
    throw new CliError(EXIT.failed, `the environment variable ${variable} (providers.${provider}.oauth) is not set`)
  const settled = settleOAuth(provider, runtime.definitionOf(provider)?.oauth, { ...oauth, clientSecret })
  if (!settled.ok) throw loginError(settled.problem)
  return settled.value
}

/** Runs with a network of its own and closes it. */
export async function withLoginTools<T>(
  context: CliContext,
  runtime: Runtime,
  provider: string,
  signal: AbortSignal,
  work: (tools: LoginTools) => Promise<T>,
): Promise<T> {
  const network = undiciNetwork()
  const proxy = runtime.config.providers[provider]?.proxy
  try {
    return await work({
      network,
      platform: context.platform,
      signal,
      userAgent: `sparekey/${VERSION}`,
      ...(proxy === undefined ? {} : { proxy }),
    })
  } finally {
    await network.close()
  }
}

const EXITS: Partial<Record<LoginProblemKind, ExitCode>> = {
  not_configured: EXIT.usage,
  denied: EXIT.notAuthorised,
  refused: EXIT.notAuthorised,
  unreachable: EXIT.cannotReach,
}

export function loginError({ kind, message, next }: LoginProblem): CliError {
  return new CliError(EXITS[kind] ?? EXIT.failed, message, next)
}
