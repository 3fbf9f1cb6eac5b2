import { randomBytes } from 'node:crypto'
import { StoreError } from '../pool/store-contract.ts'
import { parseKey } from './key-file.ts'
import type { KeySource } from './key-source.ts'
import { KEY_BYTES, keyIdOf } from './secret-box.ts'

/** The part of `@napi-rs/keyring` that is used. */
export interface KeychainModule {
  readonly Entry: new (
    service: string,
    user: string,
    options: { readonly linux: { readonly store: 'secret-service' } },
  ) => {
    getPassword(): string | null
    setPassword(password: string): void
    deletePassword(): boolean
  }
}

/** Kept in a variable: bundlers and type checkers must not resolve what may not be installed. */
const PACKAGE = '@napi-rs/keyring'
const SERVICE = 'sparekey'
/** Without it the package falls back to the kernel's keyring on Linux, which forgets everything at the next start of the machine. */
const OPTIONS = { linux: { store: 'secret-service' } } as const

/** @throws StoreError `keychain` when the package is not installed */
export async function loadKeychain(): Promise<KeychainModule> {
  try {
    return (await import(/* @vite-ignore */ PACKAGE)) as KeychainModule
  } catch (cause) {
    throw new StoreError(
      'keychain',
      `the configuration says "key: keychain" but ${PACKAGE} is not installed: "npm install ${PACKAGE}@2", or remove that line`,
      { cause },
    )
  }
}

/** The key of a home in the keychain of the operating system: one entry in use, and one for each key that was staged. */
export function keychainKey(module: KeychainModule, homeDirectory: string): KeySource {
  const read = (user: string): Uint8Array | undefined => {
    const text = asked(() => new module.Entry(SERVICE, user, OPTIONS).getPassword())
    if (text === null) return undefined
    const key = parseKey(text)
    if (key === undefined)
      throw new StoreError('wrong_key', `the keychain's entry "${SERVICE}" for ${homeDirectory} holds no key`)
    return key
  }
  const write = (user: string, key: Uint8Array) =>
    asked(() => new module.Entry(SERVICE, user, OPTIONS).setPassword(Buffer.from(key).toString('base64')))
  const drop = (user: string) => asked(() => new module.Entry(SERVICE, user, OPTIONS).deletePassword())
  const staged = (keyId: string) => `${homeDirectory} ${keyId}`
  return {
    kind: 'keychain',
    place: `keychain entry "${SERVICE}" for ${homeDirectory}`,
    find(keyId) {
      const inUse = read(homeDirectory)
      if (keyId === undefined || (inUse !== undefined && keyIdOf(inUse) === keyId)) return inUse
      const key = read(staged(keyId))
      if (key === undefined || keyIdOf(key) !== keyId) return undefined
      write(homeDirectory, key)
      return key
    },
    create() {
      const key = randomBytes(KEY_BYTES)
      // By its id too: of two processes that start at once, the one that seals first decides which key the home has.
      write(staged(keyIdOf(key)), key)
      write(homeDirectory, key)
      return key
    },
    stage: (key) => write(staged(keyIdOf(key)), key),
    settle(keyId) {
      const before = read(homeDirectory)
      const key = read(staged(keyId))
      if (key === undefined) return
      write(homeDirectory, key)
      // Its own entry stays: a slower rotation may still put an older key in place, and then the id finds the right one.
      if (before !== undefined && keyIdOf(before) !== keyId) drop(staged(keyIdOf(before)))
    },
    forget() {
      const inUse = read(homeDirectory)
      if (inUse !== undefined) drop(staged(keyIdOf(inUse)))
      drop(homeDirectory)
    },
  }
}

function asked<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    // What the package says names no remedy, and nobody knows what it may quote.
    throw new StoreError(
      'keychain',
      'the keychain of this machine cannot be reached: it needs a desktop session with an unlocked keychain (on Linux a Secret Service such as ' +
        'GNOME Keyring or KWallet on D-Bus). On a server remove "key: keychain" and use the key file, or set SPAREKEY_KEY; nothing was changed',
      { cause },
    )
  }
}
