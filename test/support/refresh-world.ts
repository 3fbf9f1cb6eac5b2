import { Refresher, type RefresherOptions } from '../../src/oauth/refresh.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import type { Credential } from '../../src/pool/credential.ts'
import type { Store } from '../../src/pool/store-contract.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { type ManualPlatform, manualPlatform } from './manual-platform.ts'
import { TokenServer } from './token-server.ts'

export interface RefreshWorld {
  readonly platform: ManualPlatform
  readonly store: Store
  readonly server: TokenServer
  readonly troubles: string[]
  /** One more process over the same store. */
  process(given?: Partial<RefresherOptions>): Refresher
  credential(): Promise<Credential>
}

/** One login whose token ends in ten seconds, and a token endpoint for it. */
export async function refreshWorld(
  store: Store = new MemoryStore(),
  platform: ManualPlatform = manualPlatform(),
): Promise<RefreshWorld> {
  const server = new TokenServer()
  const troubles: string[] = []
  const nowMs = platform.clock.now()
  await store.addCredential(
    {
      id: 'cred_work',
      provider: 'openai-codex',
      label: 'work',
      type: 'oauth',
      source: { kind: 'stored' },
      fingerprint: fingerprintOf('at_0'),
      secret: { token: 'at_0', refreshToken: 'rt_0', expiresAtMs: nowMs + 10_000, obtainedAtMs: nowMs - 3_600_000 },
    },
    nowMs,
  )
  return {
    platform,
    store,
    server,
    troubles,
    process: (given = {}) =>
      new Refresher({
        store: store.refreshes,
        platform,
        wayOf: () => ({ machine: false }),
        ask: async (_credential, refreshToken) => server.refresh(refreshToken, platform.clock.now()),
        fingerprintOf,
        onTrouble: (message) => troubles.push(message),
        ...given,
      }),
    async credential() {
      const found = (await store.snapshot()).credentials.find(({ id }) => id === 'cred_work')
      if (found === undefined) throw new Error('the login is gone')
      return found
    },
  }
}
