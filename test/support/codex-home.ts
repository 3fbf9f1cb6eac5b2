import { onTestFinished } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { type Scenario, type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { temporaryHome } from './temporary-home.ts'
import { addCredential, baseUrlOf } from './world.ts'

/** A simulated Codex backend, and a home with its accounts, for gateways that are real processes. */
export async function codexHome(credentials: Scenario['credentials']): Promise<{
  readonly home: string
  readonly upstream: Simulator
  readonly providers: Readonly<Record<string, string>>
}> {
  const upstream = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
  onTestFinished(() => upstream.close())
  const home = temporaryHome()
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const definition = PROVIDERS['openai-codex']
  if (definition === undefined) throw new Error('no provider')
  for (const token of Object.keys(credentials)) await addCredential(store, definition, token)
  await store.close()
  return { home, upstream, providers: { 'openai-codex': baseUrlOf('openai-codex', upstream.url) } }
}
