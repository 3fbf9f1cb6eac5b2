import { StoreError } from '../pool/store-contract.ts'
import { keyIdOf, type Opened, type SecretBox, sealedWith, secretBox } from './secret-box.ts'

/** What a running process asks when the key has changed under it. */
export interface KeyLookup {
  /** Id of the key that the database is sealed with now; undefined when the database cannot be asked. */
  sealedWith(): string | undefined
  /** The key of this id, from where keys live. */
  find(keyId: string): Uint8Array | undefined
  /** An earlier key of this home, from the database: for what lies outside it and was sealed before a rotation. */
  retired(keyId: string, box: SecretBox): Uint8Array | undefined
}

/**
 * Seals and opens with the key that the home has now. A gateway runs for weeks: `sparekey key rotate` must neither stop it nor make
 * it seal with a key that nobody keeps any more.
 */
export function liveBox(key: Uint8Array, lookup: KeyLookup): SecretBox {
  let keyId = keyIdOf(key)
  let box = secretBox(key)
  const follow = (wanted: string): boolean => {
    if (wanted === keyId) return true
    const found = lookup.find(wanted)
    if (found === undefined) return false
    keyId = wanted
    box = secretBox(found)
    return true
  }
  const newest = (): SecretBox => {
    const now = lookup.sealedWith()
    if (now !== undefined && !follow(now)) {
      throw new StoreError(
        'wrong_key',
        'the key of this home was changed and this process cannot read the new one: start it again with the new key; nothing was written',
      )
    }
    return box
  }
  return {
    seal: (text, place) => newest().seal(text, place),
    nameOf: (text) => newest().nameOf(text),
    open(envelope, place): Opened {
      const opened = box.open(envelope, place)
      if (opened.kind !== 'wrong_key') return opened
      const wanted = sealedWith(envelope)
      if (wanted === undefined) return opened
      const now = lookup.sealedWith()
      if (now !== undefined) follow(now)
      if (wanted === keyId) return box.open(envelope, place)
      const old = lookup.retired(wanted, box)
      return old === undefined ? opened : secretBox(old).open(envelope, place)
    },
  }
}
