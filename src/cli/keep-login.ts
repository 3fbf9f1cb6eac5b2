import { accountKey } from '../oauth/account-identity.ts'
import type { IssuedTokens } from '../oauth/issued-tokens.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import { fingerprintOf } from '../pool/fingerprint.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { CliContext } from './context.ts'
import { freeLabel } from './free-label.ts'
import { twinOf } from './twin-of.ts'

export interface KeptLogin {
  readonly credential: Credential
  readonly outcome: 'added' | 'replaced'
  /** The asked-for label that somebody else has. */
  readonly labelTaken?: string
}

export interface LoginWishes {
  readonly label?: string
  readonly priority?: number
  readonly baseUrl?: string
}

/** Stores a login. The same account twice is one credential: its login is replaced, and whatever was held against the old one ends. */
export async function keepLogin(
  context: CliContext,
  runtime: Runtime,
  provider: string,
  tokens: IssuedTokens,
  wishes: LoginWishes,
): Promise<KeptLogin> {
  const { identity, accessToken } = tokens
  const key = accountKey(identity)
  const fingerprint = fingerprintOf(accessToken)
  const secret: Secret = {
    token: accessToken,
    ...(tokens.refreshToken === undefined ? {} : { refreshToken: tokens.refreshToken }),
    ...(tokens.expiresAtMs === undefined ? {} : { expiresAtMs: tokens.expiresAtMs }),
    ...(identity.accountId === undefined ? {} : { accountId: identity.accountId }),
  }
  const siblings = (await runtime.pool.describe(provider)).map(({ credential }) => credential)
  const twin = twinOf(siblings, key) ?? namesake(siblings, key, wishes.label)
  if (twin !== undefined) {
    if (twin.source.kind !== 'stored')
      throw new CliError(
        EXIT.failed,
        `this account is in the pool already as "${twin.label}", whose token comes from elsewhere`,
        `remove it first: sparekey auth remove ${provider} ${twin.label}`,
      )
    return { credential: await runtime.store.replaceSecret(twin.id, secret, fingerprint), outcome: 'replaced' }
  }
  const labels = siblings.map(({ label }) => label)
  const label = freeLabel(wishes.label ?? identity.email ?? provider, labels)
  const credential = await runtime.store.addCredential(
    {
      id: context.platform.random.id('cred'),
      provider,
      label,
      type: 'oauth',
      source: { kind: 'stored' },
      ...(wishes.priority === undefined ? {} : { priority: wishes.priority }),
      ...(wishes.baseUrl === undefined ? {} : { baseUrl: wishes.baseUrl }),
      ...(key === undefined ? {} : { accountId: key }),
      fingerprint,
      secret,
    },
    context.platform.clock.now(),
  )
  const isTaken = wishes.label !== undefined && wishes.label !== label
  return { credential, outcome: 'added', ...(isTaken ? { labelTaken: wishes.label } : {}) }
}

/** Tokens that tell nothing about their account: only the name can say that this is the same login again. */
function namesake(siblings: readonly Credential[], key: string | undefined, label: string | undefined) {
  if (key !== undefined) return undefined
  return siblings.find((each) => each.type === 'oauth' && each.accountId === undefined && each.label === label)
}
