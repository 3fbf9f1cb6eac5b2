import { isSameAccount } from '../oauth/account-identity.ts'
import type { Credential } from '../pool/credential.ts'

/** The credential of the same account. An exact match wins: a key without a person could be anybody of that workspace. */
export function twinOf(siblings: readonly Credential[], key: string | undefined): Credential | undefined {
  if (key === undefined) return undefined
  return (
    siblings.find(({ accountId }) => accountId === key) ??
    siblings.find(({ accountId }) => isSameAccount(accountId, key))
  )
}
