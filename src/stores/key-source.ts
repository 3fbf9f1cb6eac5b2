import { join } from 'node:path'
import { StoreError } from '../pool/store-contract.ts'
import {
  createKeyFile,
  forgetKeyFile,
  parseKey,
  readKeyFile,
  readStagedKey,
  settleKeyFile,
  stageKeyFile,
} from './key-file.ts'
import { keyIdOf } from './secret-box.ts'

/** Where the key of a home lives. All that rotation and running processes need of it. */
export interface KeySource {
  readonly kind: 'given' | 'file' | 'keychain'
  /** For people: where to look. */
  readonly place: string
  /**
   * The key with this id; without an id the one in use. @returns undefined when it is not here
   * @throws StoreError `wrong_key` when something is here that is no key
   */
  find(keyId?: string): Uint8Array | undefined
  /** The key of a home that has no secrets yet. @throws StoreError when this source makes none */
  create(): Uint8Array
  /** Keeps a new key durably, beside the one in use. */
  stage(key: Uint8Array): void
  /** Makes a staged key the one in use. Safe to repeat. */
  settle(keyId: string): void
  /** Forgets the key in use: the secrets have moved to a key elsewhere. */
  forget(): void
}

/** A key that somebody hands over (`SPAREKEY_KEY`). @throws StoreError `wrong_key` when the text is no key */
export function givenKey(text: string, name = 'SPAREKEY_KEY'): KeySource {
  const key = parseKey(text)
  if (key === undefined)
    throw new StoreError('wrong_key', `the given key (${name}) must be 32 bytes as 64 hex digits or base64`)
  return {
    kind: 'given',
    place: name,
    find: (keyId) => (keyId === undefined || keyId === keyIdOf(key) ? key : undefined),
    create: () => key,
    // Whoever gave it keeps it.
    stage: () => undefined,
    settle: () => undefined,
    forget: () => undefined,
  }
}

/** The file `key` of a home. */
export function keyFile(homeDirectory: string, onNotice: (message: string) => void): KeySource {
  return {
    kind: 'file',
    place: join(homeDirectory, 'key'),
    find(keyId) {
      const inUse = readKeyFile(homeDirectory, onNotice)
      if (keyId === undefined || (inUse !== undefined && keyIdOf(inUse) === keyId)) return inUse
      const staged = readStagedKey(homeDirectory, keyId)
      // A rotation was cut between sealing and putting the key in place: it is finished here.
      if (staged !== undefined) settleKeyFile(homeDirectory, keyId)
      // Another process may have put it in place between our two looks.
      const late = staged ?? readKeyFile(homeDirectory, onNotice)
      return late !== undefined && keyIdOf(late) === keyId ? late : undefined
    },
    create: () => createKeyFile(homeDirectory, onNotice),
    stage: (key) => stageKeyFile(homeDirectory, key),
    settle: (keyId) => settleKeyFile(homeDirectory, keyId),
    forget: () => forgetKeyFile(homeDirectory),
  }
}
