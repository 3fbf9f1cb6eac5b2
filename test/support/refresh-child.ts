/**
 * A process of its own that makes calls with logins: `refresh-child.ts <home> <log>`. Says one JSON line per call, until it is killed or
 * stdin ends. Every step of a refresh goes into the log before the next one begins, so that a kill can be laid at the right door.
 */
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import { systemEnvironment } from '../../src/platform/environment.ts'
import type { Network } from '../../src/platform/network.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { undiciNetwork } from '../../src/platform/undici-network.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { machineMs, type RefreshStep } from './refresh-proof.ts'

const [home = '', log = ''] = process.argv.slice(2)
const file = openSync(log, 'a')

function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}

/** Lines this short are appended whole, whatever other processes write. */
function note(step: Omit<RefreshStep, 'atMs' | 'pid'>): void {
  writeSync(file, `${JSON.stringify({ ...step, atMs: machineMs(), pid: process.pid })}\n`)
}

/** The network, with a word before and after each refresh token that travels. */
function watched(network: Network): Network {
  return {
    send: async (request, timeouts, signal) => {
      const text = request.url.endsWith('/oauth/token') ? new TextDecoder().decode(request.body) : ''
      const { refresh_token: token } = (text === '' ? {} : JSON.parse(text)) as { refresh_token?: string }
      if (token === undefined) return network.send(request, timeouts, signal)
      const fingerprint = fingerprintOf(token)
      note({ step: 'sent', fingerprint })
      const answer = await network.send(request, timeouts, signal)
      note({ step: 'answered', fingerprint })
      return answer
    },
    close: () => network.close(),
  }
}

async function work(): Promise<void> {
  const loaded = await loadConfig(join(home, 'config.yaml'), systemEnvironment, {})
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const { refreshes } = store
  const begin = refreshes.begin.bind(refreshes)
  const setAside = refreshes.setAside.bind(refreshes)
  const commit = refreshes.commit.bind(refreshes)
  const end = refreshes.end.bind(refreshes)
  refreshes.begin = async (claim, nowMs) => {
    const claimed = await begin(claim, nowMs)
    const { credentialId, generation, holder, fingerprint } = claim
    if (claimed.kind === 'claimed') note({ step: 'claimed', credentialId, generation, holder, fingerprint })
    return claimed
  }
  refreshes.setAside = async (renewed, manner) => {
    await setAside(renewed, manner)
    const { credentialId, generation } = renewed
    note({ step: 'aside', credentialId, generation })
  }
  refreshes.commit = async (renewed) => {
    const committed = await commit(renewed)
    const { credentialId, generation } = renewed
    note({ step: committed === undefined ? 'superseded' : 'committed', credentialId, generation })
    return committed
  }
  refreshes.end = async (ended) => {
    await end(ended)
    const { credentialId, generation, holder } = ended
    note({ step: 'ended', credentialId, generation, holder })
  }
  // The claim lasts as long as in the product: whoever waits for a dead process must not wait for its time.
  const runtime = new Runtime({
    config: loaded.config,
    store,
    platform: systemPlatform,
    environment: systemEnvironment,
    network: watched(undiciNetwork()),
    onTrouble: (message) => say({ trouble: message }),
  })
  let running = true
  process.stdin.once('end', () => {
    running = false
  })
  process.stdin.resume()
  say('ready')
  const body = { model: 'gpt-5.5', input: [], instructions: 'x', store: false, stream: true }
  for (let count = 0; running; count += 1) {
    const resolved = await runtime.resolveChain('gpt-5.5', 'responses')
    if (resolved.kind !== 'chain') throw new Error(`no chain: ${resolved.kind}`)
    const answer = await runtime.answer({
      id: `call_${process.pid}_${count}`,
      wire: 'responses',
      model: 'gpt-5.5',
      stream: true,
      headers: [],
      bytes: new TextEncoder().encode(JSON.stringify(body)),
      body,
      signal: new AbortController().signal,
      query: '',
      chain: resolved.chain,
      client: 'other',
    })
    for await (const _ of answer.body) void _
    const { outcome, failure, attempts } = await answer.ended
    say({
      outcome,
      tried: attempts.map(({ label = 'ok' }) => label),
      ...(failure === undefined ? {} : { label: failure.label, message: failure.message }),
    })
    await systemPlatform.timers.sleep(15)
  }
  await runtime.close()
  say('closed')
}

work().catch((error: unknown) => {
  say({ failed: String(error) })
  process.exitCode = 1
})
