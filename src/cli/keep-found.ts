import { twinOf } from './twin-of.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { CliContext } from './context.ts'
import type { Found } from './found-credential.ts'
import { freeLabel } from './free-label.ts'

/** What became of a found credential. */
export type FoundOutcome = 'added' | 'updated' | 'already there' | 'would be added' | 'would be updated'

/**
 * Stores a found credential once. A borrowed login that is here already takes the newer token; a login of our own is never touched by one.
 * @returns the label under which it stands
 */
export async function keepFound(
  context: CliContext,
  runtime: Runtime,
  { borrowedRefresh, ...given }: Found,
  options: { readonly takeRefreshToken: boolean; readonly dryRun: boolean },
): Promise<{ readonly label: string; readonly outcome: FoundOutcome }> {
  const taken = options.takeRefreshToken && borrowedRefresh !== undefined ? { refreshToken: borrowedRefresh } : {}
  const secret: Secret | undefined = given.secret === undefined ? undefined : { ...given.secret, ...taken }
  const siblings = (await runtime.pool.describe(given.provider)).map(({ credential }) => credential)
  const twin =
    siblings.find(({ fingerprint }) => fingerprint === given.fingerprint) ?? twinOf(siblings, given.accountId)
  if (twin !== undefined) {
    if (!(await isNewer(runtime, twin, given, secret))) return { label: twin.label, outcome: 'already there' }
    if (options.dryRun) return { label: twin.label, outcome: 'would be updated' }
    if (secret !== undefined) await runtime.store.replaceSecret(twin.id, secret, given.fingerprint)
    return { label: twin.label, outcome: 'updated' }
  }
  const label = freeLabel(
    given.label,
    siblings.map((each) => each.label),
  )
  if (options.dryRun) return { label, outcome: 'would be added' }
  await runtime.store.addCredential(
    { ...given, label, id: context.platform.random.id('cred'), ...(secret === undefined ? {} : { secret }) },
    context.platform.clock.now(),
  )
  return { label, outcome: 'added' }
}

async function isNewer(
  runtime: Runtime,
  twin: Credential,
  given: Omit<Found, 'borrowedRefresh'>,
  secret: Secret | undefined,
): Promise<boolean> {
  if (twin.type !== 'oauth' || twin.source.kind !== 'stored' || secret === undefined) return false
  const held = await runtime.store.readSecret(twin.id)
  // A login with a refresh token of its own renews itself: a token from elsewhere could only be an older one.
  if (held?.refreshToken !== undefined) return false
  if (secret.refreshToken !== undefined) return true
  if (twin.fingerprint === given.fingerprint) return false
  return (secret.expiresAtMs ?? Number.POSITIVE_INFINITY) > (held?.expiresAtMs ?? 0)
}
