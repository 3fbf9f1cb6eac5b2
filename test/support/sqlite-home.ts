import { systemPlatform } from '../../src/platform/platform.ts'
import type { Store } from '../../src/pool/store-contract.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { temporaryHome } from './temporary-home.ts'
import { addCredential } from './world.ts'

/** A new home with one credential of this provider for each token. @returns its folder */
export async function homeWith(provider: string, tokens: readonly string[]): Promise<string> {
  const home = temporaryHome()
  const definition = PROVIDERS[provider]
  if (definition === undefined) throw new Error(`no provider ${provider}`)
  await atHome(home, async (store) => {
    for (const token of tokens) await addCredential(store, definition, token)
  })
  return home
}

/** Opens the home as one more process would, for one look or change. */
export async function atHome<T>(home: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
