import type { Credential } from '../pool/credential.ts'
import { type NewCredential, StoreError } from '../pool/store-contract.ts'

/**
 * Makes the credential that a store will hold.
 * @param siblings the credentials of the same provider
 * @throws StoreError `duplicate_label`, `duplicate_credential`: one account twice would be benched once and hammered once
 */
export function admitCredential(given: NewCredential, siblings: readonly Credential[], nowMs: number): Credential {
  for (const sibling of siblings) {
    if (sibling.label === given.label) {
      throw new StoreError(
        'duplicate_label',
        `${given.provider} already has a credential labelled "${given.label}": choose another label`,
      )
    }
  }
  const twin = siblings.find((each) => each.id === given.id || isTwin(each, given.fingerprint, given.accountId))
  if (twin !== undefined) throw duplicate(given.provider, twin)
  return {
    id: given.id,
    provider: given.provider,
    label: given.label,
    type: given.type,
    source: given.source,
    priority: given.priority ?? siblings.reduce((next, each) => Math.max(next, each.priority + 1), 0),
    ...(given.baseUrl === undefined ? {} : { baseUrl: given.baseUrl }),
    ...(given.accountId === undefined ? {} : { accountId: given.accountId }),
    ...(given.quotaGroup === undefined ? {} : { quotaGroup: given.quotaGroup }),
    fingerprint: given.fingerprint,
    generation: 1,
    resetStampMs: 0,
    createdAtMs: Math.round(nowMs),
  }
}

/**
 * The credential with its next token generation.
 * @throws StoreError `duplicate_credential` when another credential of the provider has this secret
 */
export function renewCredential(
  credential: Credential,
  fingerprint: string,
  siblings: readonly Credential[],
): Credential {
  const twin = siblings.find((each) => each.id !== credential.id && each.fingerprint === fingerprint)
  if (twin !== undefined) throw duplicate(credential.provider, twin)
  return { ...credential, fingerprint, generation: credential.generation + 1 }
}

function isTwin(sibling: Credential, fingerprint: string, accountId: string | undefined): boolean {
  return sibling.fingerprint === fingerprint || (accountId !== undefined && sibling.accountId === accountId)
}

function duplicate(provider: string, twin: Credential): StoreError {
  return new StoreError(
    'duplicate_credential',
    `${provider} already has this key or account as "${twin.label}": use that one, or remove it first`,
  )
}
