/** A process of its own that makes calls with logins: `refresh-child.ts <home>`. Says one JSON line per call, until it is killed or stdin ends. */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import { systemEnvironment } from '../../src/platform/environment.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { openStore } from '../../src/stores/open-store.ts'

const [home = ''] = process.argv.slice(2)

function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}

async function work(): Promise<void> {
  const loaded = await loadConfig(join(home, 'config.yaml'), systemEnvironment, {})
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const { refreshes } = store
  const commit = refreshes.commit.bind(refreshes)
  const begin = refreshes.begin.bind(refreshes)
  // Who sends a token is said before it is sent, so that a reuse can be laid at the right door.
  refreshes.begin = async (claim, nowMs) => {
    const claimed = await begin(claim, nowMs)
    if (claimed.kind === 'claimed') say({ begun: claim.fingerprint, pid: process.pid })
    return claimed
  }
  // The window in which a kill can lose a token ends when this does.
  refreshes.commit = async (renewed) => {
    const before = performance.now()
    const committed = await commit(renewed)
    say({ commitMs: performance.now() - before, afterAnswerMs: performance.now() - answeredAt })
    return committed
  }
  let answeredAt = performance.now()
  const runtime = new Runtime({
    config: loaded.config,
    store,
    platform: {
      ...systemPlatform,
      clock: {
        ...systemPlatform.clock,
        now: () => {
          answeredAt = performance.now()
          return systemPlatform.clock.now()
        },
      },
    },
    environment: systemEnvironment,
    refreshClaimMs: 4_000,
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
