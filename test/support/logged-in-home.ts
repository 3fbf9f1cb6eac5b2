import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemPlatform } from '../../src/platform/platform.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import type { Store } from '../../src/pool/store-contract.ts'
import type { Simulator } from '../../src/simulator/index.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { temporaryHome } from './temporary-home.ts'

/** A home with one login for each account of a simulator, tokens as that simulator issued them. @param baseUrl where calls go @default to the simulator */
export async function loggedInHome(
  simulator: Simulator,
  baseUrl = `${simulator.url}/backend-api/codex`,
): Promise<{ readonly home: string; readonly open: () => Promise<Store> }> {
  const home = temporaryHome()
  const open = () => openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const store = await open()
  for (const account of simulator.oauth?.accounts ?? []) {
    const issued = simulator.oauth?.tokens.begin(account, 'simulated', '')
    if (issued?.refresh_token === undefined) throw new Error('no refresh token')
    const nowMs = systemPlatform.clock.now()
    const name = account.email.split('@')[0] ?? ''
    await store.addCredential(
      {
        id: `cred_${name}`,
        provider: 'openai-codex',
        label: name,
        type: 'oauth',
        source: { kind: 'stored' },
        accountId: `${account.accountId}/${account.userId}`,
        fingerprint: fingerprintOf(issued.access_token),
        secret: {
          token: issued.access_token,
          refreshToken: issued.refresh_token,
          expiresAtMs: nowMs + issued.expires_in * 1000,
          obtainedAtMs: nowMs,
          accountId: account.accountId,
        },
      },
      nowMs,
    )
  }
  await store.close()
  writeFileSync(
    join(home, 'config.yaml'),
    `providers:\n  openai-codex: ${JSON.stringify(placesOf(simulator, baseUrl))}\n`,
  )
  return { home, open }
}

/** What a config.yaml says of `openai-codex` there. */
export function placesOf(simulator: Simulator, baseUrl = `${simulator.url}/backend-api/codex`) {
  return { baseUrl, oauth: { issuer: simulator.url } }
}
