import { loadText } from '../../src/config/load.ts'
import { fixedEnvironment } from '../../src/platform/environment.ts'
import type { Bench } from '../../src/pool/bench.ts'
import type { Credential } from '../../src/pool/credential.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { callOfTurn } from './call-of-turn.ts'
import type { Contestant, PolicyRow, Surroundings } from './contestant.ts'
import { WatchedStore } from './watched-store.ts'

const SUBSCRIPTION = 'openai-codex'
const METERED = 'openai'

/** The product itself: its runtime with pool, relay, classifier, recovery table and usage probes, as every surface builds it. */
export function ourPolicy(strategy: string, meaning: string): PolicyRow {
  return {
    name: `sparekey ${strategy}`,
    meaning,
    ours: true,
    open: (surroundings) => open(strategy, surroundings),
  }
}

async function open(strategy: string, surroundings: Surroundings): Promise<Contestant> {
  const { platform, network, accounts, hasMeteredRoute, beforeNotesChange } = surroundings
  const notes = new Map<string, number>()
  const store = new WatchedStore(beforeNotesChange, (credentials, benches) => {
    for (const credential of credentials) notes.set(credential.label, avoidedUntil(credential, benches))
  })
  const routes = [`${SUBSCRIPTION}/gpt-5.5`, ...(hasMeteredRoute ? [`${METERED}/gpt-5.5`] : [])]
  const text = JSON.stringify({
    recordFailures: false,
    providers: { [SUBSCRIPTION]: { strategy } },
    models: { 'gpt-5.5': routes },
  })
  const environment = fixedEnvironment({})
  const loaded = loadText({ text }, 'simulation', environment)
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  const runtime = new Runtime({ config: loaded.config, store, platform, environment, network })
  for (const [index, { name, token }] of accounts.entries()) {
    await store.addCredential(newCredential(SUBSCRIPTION, name, token, index), platform.clock.now())
  }
  if (hasMeteredRoute) {
    await store.addCredential(newCredential(METERED, 'metered', 'metered-key', 0), platform.clock.now())
  }
  const resolved = await runtime.resolveChain('gpt-5.5', 'responses')
  if (resolved.kind !== 'chain') throw new Error(resolved.message)
  const { chain } = resolved
  let count = 0
  return {
    avoidedUntilMs: (account) => notes.get(account) ?? 0,
    async loggedIn(account, token) {
      await store.replaceSecret(`cred_${account}`, { token, accountId: `acct-${account}` }, token)
    },
    async answer(turn) {
      count += 1
      const answer = await runtime.answer(callOfTurn(turn, `call_${count}`, chain))
      for await (const _ of answer.body);
      return (await answer.ended).outcome === 'answered'
    },
    close: () => runtime.close(),
  }
}

function newCredential(provider: string, label: string, token: string, priority: number) {
  const oauth = provider === SUBSCRIPTION
  const accountId = `acct-${label}`
  return {
    id: `cred_${label}`,
    provider,
    label,
    type: oauth ? ('oauth' as const) : ('api-key' as const),
    source: { kind: 'stored' as const },
    priority,
    fingerprint: token,
    secret: { token, ...(oauth ? { accountId } : {}) },
    ...(oauth ? { accountId } : {}),
  }
}

/** A bench refuses until one call may test it: from there on, a call with nobody else to turn to gets the account. */
function avoidedUntil(credential: Credential, benches: readonly Bench[]): number {
  let untilMs = 0
  for (const bench of benches) {
    if (bench.credentialId !== credential.id || bench.tokenGeneration !== credential.generation) continue
    untilMs = Math.max(untilMs, bench.dead ? bench.untilMs : Math.min(bench.untilMs, bench.trialAtMs))
  }
  return untilMs
}
