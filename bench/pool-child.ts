/** A process that acquires and succeeds as fast as it can on one home: `pool-child.ts <home> <ms>`. Says how many calls it made. */
import { systemPlatform } from '../src/platform/platform.ts'
import { CredentialPool } from '../src/pool/pool.ts'
import { openStore } from '../src/stores/open-store.ts'

const [home = '', durationMs = '0'] = process.argv.slice(2)
const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
const pool = new CredentialPool({ store, platform: systemPlatform, strategyFor: () => 'fill_first' })
process.send?.('ready')
await new Promise((resolve) => process.once('message', resolve))
const startedAtMs = systemPlatform.clock.monotonic()
let calls = 0
let elapsedMs = 0
while (elapsedMs < Number(durationMs)) {
  for (let each = 0; each < 100; each += 1) {
    const acquired = await pool.acquire({ provider: 'openai', model: 'gpt-5.5', tried: new Map() })
    if (acquired.kind === 'lease') await acquired.lease.succeed()
  }
  calls += 100
  // Lets the timers of the pool write its counters, as they do between real calls.
  await new Promise((resolve) => setImmediate(resolve))
  elapsedMs = systemPlatform.clock.monotonic() - startedAtMs
}
await pool.close()
await store.close()
process.send?.({ calls, elapsedMs })
process.disconnect()
