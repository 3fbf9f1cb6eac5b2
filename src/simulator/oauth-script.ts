/** Somebody who can sign in. */
export interface OAuthAccount {
  readonly email: string
  /** Several people of one workspace share it. */
  readonly accountId: string
  readonly userId: string
  /** @default plus */
  readonly plan?: string
  /** Key of the scenario's credential whose script this account plays. @default the credential at the same position, else good answers */
  readonly plays?: string
}

/** Where a fault strikes. */
export type OAuthPlace =
  | 'usercode'
  | 'device_poll'
  | 'device_authorization'
  | 'authorize'
  | 'exchange'
  | 'refresh'
  | 'client_credentials'
  | 'revoke'

/** Something that goes wrong at the authorization server. */
export interface OAuthFault {
  readonly at: OAuthPlace
  /** Requests there that pass before it strikes. @default 0 */
  readonly after?: number
  /** How often it strikes. @default 1 */
  readonly times?: number
  readonly does: /** Answers rightly, but late. */
    | { readonly kind: 'slow'; readonly ms: number }
    /** Answers with this instead, and changes nothing. */
    | {
        readonly kind: 'status'
        readonly status: number
        readonly body?: unknown
        readonly headers?: Readonly<Record<string, string>>
      }
    /** A web page instead of JSON. */
    | { readonly kind: 'html' }
    /** The connection dies and nothing was done. */
    | { readonly kind: 'cut_before' }
    /** The connection dies after it was done: a token is rotated and its answer lost. */
    | { readonly kind: 'cut_after_commit' }
}

/** How an authorization server behaves, as data. */
export interface OAuthScript {
  /** Each login is the next of these, from the beginning again after the last. @default three people */
  readonly accounts?: readonly OAuthAccount[]
  /**
   * Who approves: `at_once` (nobody has to), `by_hand` (the page, or `approve`), `denied`, or after so many polls.
   * @default by_hand
   */
  readonly approval?: 'at_once' | 'by_hand' | 'denied' | { readonly afterPolls: number }
  /** Life of an access token. @default an hour */
  readonly tokenLifetimeMs?: number
  /** Life of a device code. @default 15 minutes */
  readonly codeLifetimeMs?: number
  /** Announced pause between polls, in seconds. @default 1 */
  readonly intervalSeconds?: number
  /** How much the server's clock is ahead of ours; negative = behind. @default 0 */
  readonly clockSkewMs?: number
  /** Whether a refresh token can be used once only; a second use revokes everything that came of its login. @default true */
  readonly singleUseRefreshTokens?: boolean
  readonly faults?: readonly OAuthFault[]
  /** Who may use the client credentials grant. @default client `simulated-client`, secret `simulated-secret` */
  readonly machines?: Readonly<Record<string, string>>
}

/** Who lives here when the script names nobody. */
export const USUAL_ACCOUNTS: readonly OAuthAccount[] = ['ada', 'bob', 'cleo'].map((name) => ({
  email: `${name}@example.org`,
  accountId: `acct-${name}`,
  userId: `user-${name}`,
}))

/** One request to the authorization server as it arrived. */
export interface SeenOAuthRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  /** The body as text. */
  readonly body: string
  /** Fields of a form or JSON body. */
  readonly fields: Readonly<Record<string, string>>
  /** What was answered; 0 when the connection was cut. */
  readonly status: number
  readonly atMs: number
}
