import type { Credential } from '../pool/credential.ts'
import type { Described } from '../pool/pool.ts'
import { CliError, EXIT } from './cli-error.ts'
import { findCredential } from './context.ts'

/**
 * The credentials that a command about logins means: the named one, of whatever type, or all logins of the provider.
 * @throws CliError when there is none
 */
export function loginsOf(
  described: readonly Described[],
  provider: string,
  target: string | undefined,
): readonly Credential[] {
  if (target !== undefined) return [findCredential(described, provider, target)]
  const logins = described.map(({ credential }) => credential).filter(({ type }) => type === 'oauth')
  if (logins.length === 0)
    throw new CliError(EXIT.nothingAvailable, `${provider} has no logins`, `sign in: sparekey auth login ${provider}`)
  return logins
}
