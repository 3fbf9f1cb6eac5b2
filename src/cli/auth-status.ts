import { identityOf } from '../oauth/account-identity.ts'
import { toIsoText } from '../platform/clock.ts'
import type { Secret } from '../pool/credential.ts'
import type { Described } from '../pool/pool.ts'
import { StoreError } from '../pool/store-contract.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, requireProvider, withRuntime } from './context.ts'
import { standingText } from './describe-pool.ts'
import { type Column, fitTable } from './fit-table.ts'
import { sourceText } from './source-text.ts'
import { spellDuration } from './spell.ts'
import { printable } from './table.ts'

interface Login {
  readonly provider: string
  readonly described: Described
  readonly email?: string | undefined
  readonly plan?: string | undefined
  readonly expiresAtMs?: number | undefined
  /** Renews itself with a refresh token of its own. */
  readonly renews: boolean
  /** Its secret cannot be opened. */
  readonly trouble?: string
}

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: '' },
  { title: '', shrinks: true },
  { title: '' },
  { title: '' },
]

/** `sparekey auth status`: who is logged in, on which plan, and for how long. Exit code 3 when nobody is. */
export async function authStatus(context: CliContext, only: string | undefined): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const named = only === undefined ? undefined : requireProvider(runtime.config, only)
    const providers = named === undefined ? [...(await runtime.holders())].sort() : [named]
    const logins: Login[] = []
    for (const provider of providers) {
      for (const described of await runtime.pool.describe(provider)) {
        // One secret that does not open hides nobody else (108671).
        const read = await runtime.store.readSecret(described.credential.id).catch((error: unknown) => {
          if (error instanceof StoreError) return error
          throw error
        })
        logins.push(loginOf(provider, described, read))
      }
    }
    const nowMs = context.platform.clock.now()
    if (context.json) printJson(context, { logins: logins.map((each) => loginJson(each)) })
    else tell(context, logins, nowMs)
    if (logins.length > 0) return
    throw new CliError(
      EXIT.nothingAvailable,
      named === undefined ? 'there are no credentials yet' : `${named} has no credentials`,
      `sign in with "sparekey auth login openai-codex", or add a key with "sparekey auth add ${named ?? 'openai'}"`,
    )
  })
}

function loginOf(provider: string, described: Described, read: Secret | StoreError | undefined): Login {
  if (read instanceof StoreError) return { provider, described, renews: false, trouble: read.message }
  const identity = identityOf(read?.token)
  return {
    provider,
    described,
    email: identity.email,
    plan: described.quota?.planType ?? identity.plan,
    expiresAtMs: read?.expiresAtMs ?? identity.expiresAtMs,
    renews: read?.refreshToken !== undefined,
  }
}

function loginJson({ provider, described, email, plan, expiresAtMs, renews, trouble }: Login) {
  const { credential, standing } = described
  return {
    provider,
    id: credential.id,
    label: credential.label,
    type: credential.type,
    source: sourceText(credential.source),
    fingerprint: credential.fingerprint,
    account_id: credential.accountId ?? null,
    email: email ?? null,
    plan: plan ?? null,
    expires_at: expiresAtMs === undefined ? null : toIsoText(expiresAtMs),
    renews_itself: renews,
    status: trouble === undefined ? standing.kind : 'unreadable',
  }
}

function tell({ terminal }: CliContext, logins: readonly Login[], nowMs: number): void {
  const { colors } = terminal
  const standings = logins.map(({ described }) => standingText(described, nowMs))
  const rows = logins.map((login, index) => [
    login.trouble === undefined ? (standings[index]?.mark ?? '') : '✗',
    login.provider,
    printable(login.described.credential.label),
    login.plan === undefined ? login.described.credential.type : `plan ${printable(login.plan)}`,
    lifeOf(login, nowMs),
  ])
  const tones = { good: (text: string) => text, waiting: colors.yellow, bad: colors.red }
  const { lines } = fitTable(COLUMNS, rows, terminal.columns)
  for (const [index, line] of lines.entries()) {
    const isBad = logins[index]?.trouble !== undefined
    terminal.out(tones[isBad ? 'bad' : (standings[index]?.tone ?? 'good')](line))
  }
  for (const { described, trouble } of logins)
    if (trouble !== undefined) terminal.err(`${printable(described.credential.label)}: ${trouble}`)
}

function lifeOf({ described, expiresAtMs, renews, trouble }: Login, nowMs: number): string {
  const { credential } = described
  if (trouble !== undefined) return 'its secret does not open'
  if (credential.source.kind !== 'stored') return sourceText(credential.source).replace(':', ' ')
  if (credential.type === 'api-key') return 'key, does not expire'
  if (expiresAtMs === undefined) return renews ? 'renews itself' : 'until the provider ends it'
  const left = expiresAtMs > nowMs ? `token for ${spellDuration(expiresAtMs - nowMs)}` : 'token expired'
  return `${left}${renews ? ', renews itself' : ', not renewed'}`
}
