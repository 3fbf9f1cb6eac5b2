/** How a credential proves itself. `oauth` tokens expire and refresh; an `api-key` does not. */
export type CredentialType = 'api-key' | 'oauth'

/** Where the secret comes from. A reference is resolved at use and never stored. */
export type SecretSource =
  | { readonly kind: 'stored' }
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A secret manager's command, run without a shell; its answer is kept in memory for `cacheMs`, a second at least. */
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly cacheMs: number }

/** One API key or OAuth account, without its secret: safe to list, log and show. */
export interface Credential {
  /** `cred_...`, stable for life. */
  readonly id: string
  /** The pool it belongs to: a provider id (`openai-codex`) or a configured name (`lab-vllm`). Never sent anywhere else. */
  readonly provider: string
  /** What people call it; unique within its provider. Shown in headers and logs. */
  readonly label: string
  readonly type: CredentialType
  readonly source: SecretSource
  /** Lower is tried first. @default position at which it was added, counted from 0 */
  readonly priority: number
  /** This credential talks to its own base URL instead of the provider's. */
  readonly baseUrl?: string
  /** Account identity (ChatGPT account id, organisation): two logins with the same one are one credential. */
  readonly accountId?: string
  /** Limits shared with other credentials: same value = same limit. */
  readonly quotaGroup?: string
  /** First 12 hex digits of SHA-256 of the secret: tells secrets apart without showing them. */
  readonly fingerprint: string
  /** Counts secrets: a new login, a refreshed token or a changed key is a new generation. Starts at 1. */
  readonly generation: number
  /** Epoch ms of the last `auth reset`: verdicts about attempts that began before it are ignored. 0 = never. */
  readonly resetStampMs: number
  readonly createdAtMs: number
}

/** The secret part. Lives encrypted at rest and only in memory while an attempt is prepared. */
export interface Secret {
  /** API key or access token. */
  readonly token: string
  readonly refreshToken?: string
  /** Epoch ms. */
  readonly expiresAtMs?: number
  /** Epoch ms at which it was issued to us: tokens that live shorter than the refresh skew are renewed at half of their life. */
  readonly obtainedAtMs?: number
  /** `ChatGPT-Account-ID` and the like. */
  readonly accountId?: string
}
