/** Who signed in, as the claims of the tokens tell. Unverified: it came over TLS from the issuer itself, and only the backend judges a token. */
export interface AccountIdentity {
  /** ChatGPT account or workspace: sent with every call. */
  readonly accountId?: string
  /** The person: several people share a workspace. */
  readonly userId?: string
  readonly email?: string
  /** `plus`, `pro`, `team`, ... */
  readonly plan?: string
  /** Epoch ms, of the access token. */
  readonly expiresAtMs?: number
}

/** Reads the identity from tokens; the first one that tells something wins. Tokens that are no JWTs tell nothing. */
export function identityOf(...tokens: ReadonlyArray<string | undefined>): AccountIdentity {
  const told = tokens.map((token) => readOne(token))
  const first = <T extends keyof AccountIdentity>(name: T) => told.find((each) => each[name] !== undefined)?.[name]
  return Object.fromEntries(
    (['accountId', 'userId', 'email', 'plan', 'expiresAtMs'] as const)
      .map((name) => [name, first(name)] as const)
      .filter(([, value]) => value !== undefined),
  )
}

/**
 * What makes two logins one credential. A workspace has one account id for all its members, each with limits of their own:
 * by account id alone a second member would have replaced the first (39236, 42316).
 */
export function accountKey({ accountId, userId }: AccountIdentity): string | undefined {
  if (accountId === undefined) return userId
  return userId === undefined ? accountId : `${accountId}/${userId}`
}

/** Whether two keys mean one account; an older key may lack the person. */
export function isSameAccount(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false
  if (one === other) return true
  const [long, short] = one.length > other.length ? [one, other] : [other, one]
  return !short.includes('/') && long.startsWith(`${short}/`)
}

function readOne(token: string | undefined): AccountIdentity {
  const claims = token === undefined ? undefined : claimsOf(token)
  if (claims === undefined) return {}
  const auth = record(claims['https://api.openai.com/auth'])
  const profile = record(claims['https://api.openai.com/profile'])
  const expires = claims['exp']
  const found = {
    accountId: text(auth?.['chatgpt_account_id']),
    userId: text(auth?.['chatgpt_user_id']) ?? text(auth?.['user_id']) ?? text(claims['sub']),
    email: text(profile?.['email']) ?? text(claims['email']),
    plan: text(auth?.['chatgpt_plan_type']),
    expiresAtMs: typeof expires === 'number' && Number.isFinite(expires) ? expires * 1000 : undefined,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const parts = token.trim().split('.')
  const payload = parts[1]
  if (parts.length !== 3 || payload === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (character) =>
      character.charCodeAt(0),
    )
    return record(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return undefined
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
