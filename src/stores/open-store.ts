import type { Platform } from '../platform/platform.ts'
import type { Store } from '../pool/store-contract.ts'
import { MemoryStore } from './memory.ts'

export type StoreOptions =
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'sqlite'
      /** Holds `state.db` and `key`; created with mode 0700 when missing. */
      readonly homeDirectory: string
      /** 32 bytes as 64 hex digits or base64 (`SPAREKEY_KEY`). @default the file `key` in the home, created when missing */
      readonly key?: string
      /** The key lives in the keychain of the operating system (needs `@napi-rs/keyring`). @default false */
      readonly keychain?: boolean
      /** Told what was put right, e.g. permissions that were too open. */
      readonly onNotice?: (message: string) => void
    }

/**
 * Opens (and if needed creates) the store that a configuration names.
 * @throws StoreError `damaged`, `wrong_key`, `keychain`, `newer_schema`, `locked`, `full`, `read_only`: what was stored is unchanged then
 * @throws Error when no SQLite is installed (the message says what to do)
 */
export async function openStore(options: StoreOptions, platform: Platform): Promise<Store> {
  if (options.kind === 'memory') return new MemoryStore()
  // Loaded only when used: the in-memory library must not need SQLite.
  const { openSqliteStore } = await import('./open-sqlite.ts')
  return openSqliteStore(options, platform)
}
