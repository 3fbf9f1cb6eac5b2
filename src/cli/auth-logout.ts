import { revokeLogin } from '../oauth/revoke.ts'
import type { Credential } from '../pool/credential.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, requireProvider, withRuntime } from './context.ts'
import { interruptible } from './interruptible.ts'
import { loginsOf } from './logins-of.ts'
import { oauthFor, withLoginTools } from './oauth-for.ts'
import { printable } from './table.ts'

interface Ended {
  readonly id: string
  readonly label: string
  readonly revoked: boolean
  /** Why it was not revoked. */
  readonly why?: string
}

/** `sparekey auth logout`: ends logins at the provider where that is possible, then removes them here. */
export async function authLogout(context: CliContext, name: string, target: string | undefined): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const provider = requireProvider(runtime.config, name)
    const described = await runtime.pool.describe(provider)
    const logins = loginsOf(described, provider, target)
    const key = logins.find(({ type }) => type !== 'oauth')
    if (key !== undefined)
      throw new CliError(
        EXIT.usage,
        `"${printable(key.label)}" is a key, not a login`,
        `remove it with "sparekey auth remove ${provider} ${printable(key.label)}"`,
      )
    const ended: Ended[] = []
    for (const login of logins) ended.push(await end(context, runtime, provider, login))
    if (context.json)
      return printJson(context, {
        logged_out: ended.map(({ why, ...each }) => ({ ...each, why: why ?? null })),
      })
    for (const { label, revoked, why } of ended) {
      context.terminal.out(
        `${provider}: logged out "${printable(label)}"${revoked ? ', and its login was ended at the provider' : ''}`,
      )
      if (why !== undefined) context.terminal.err(`note: ${why}`)
    }
  })
}

async function end(context: CliContext, runtime: Runtime, provider: string, login: Credential): Promise<Ended> {
  const { id, label } = login
  const secret = await runtime.store.readSecret(id)
  const refreshToken = secret?.refreshToken
  // Only a login of our own is ended: a borrowed one belongs to the program that made it.
  const outcome =
    refreshToken === undefined
      ? undefined
      : await interruptible(undefined, (signal) =>
          withLoginTools(context, runtime, provider, signal, (tools) =>
            revokeLogin(oauthFor(context, runtime, provider), refreshToken, tools),
          ),
        )
  await runtime.store.removeCredential(id)
  if (outcome === undefined)
    return {
      id,
      label,
      revoked: false,
      why: `"${label}" was borrowed from another program or pasted: it was removed here and not ended there`,
    }
  if (outcome.ok) return { id, label, revoked: true }
  const { message, next } = outcome.problem
  return { id, label, revoked: false, why: `"${label}" was removed here, but ${message}; ${next}` }
}
