import type { Failure } from '../../src/failure/evidence.ts'
import { blameOf, type FailureLabel } from '../../src/failure/labels.ts'
import type { Bench } from '../../src/pool/bench.ts'
import type { Credential } from '../../src/pool/credential.ts'
import type { AcquireRequest, FailureVerdict, Lease } from '../../src/pool/lease.ts'
import { CredentialPool, type PoolOptions } from '../../src/pool/pool.ts'
import type { NewCredential, Store } from '../../src/pool/store-contract.ts'
import { DEFAULT_POLICY } from '../../src/recovery/policy.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { type ManualPlatform, manualPlatform } from './manual-platform.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export function failureOf(label: FailureLabel, seenAtMs: number, given: Partial<Failure> = {}): Failure {
  return {
    label,
    blame: blameOf(label),
    message: `${label} for a test`,
    modelScoped: false,
    rule: `test/${label}`,
    confidence: 'exact',
    evidence: { channel: 'http', provider: 'test', api: 'responses', headers: {}, seenAtMs },
    ...given,
  }
}

/** The verdict that the default policy makes of a failure. */
export function verdictOf(failure: Failure, given: Partial<FailureVerdict> = {}): FailureVerdict {
  return { failure, terms: DEFAULT_POLICY[failure.label].bench, callId: 'call_1', lastHope: false, ...given }
}

export function credentialOf(given: Partial<Credential> = {}): Credential {
  return {
    id: 'cred_a',
    provider: 'openai',
    label: 'a',
    type: 'api-key',
    source: { kind: 'stored' },
    priority: 0,
    fingerprint: 'aaaaaaaaaaaa',
    generation: 1,
    resetStampMs: 0,
    createdAtMs: 0,
    ...given,
  }
}

/** Where the manual clock stands at first. */
export const START = 1_767_225_600_000

/** A bench of `cred_a` that began an hour before `START` and holds for five days, its trial due. */
export function benchOf(given: Partial<Bench> = {}): Bench {
  return {
    credentialId: 'cred_a',
    scope: '*',
    reason: 'quota_exhausted',
    sinceMs: START - HOUR,
    untilMs: START + 5 * DAY,
    trialAtMs: START,
    dead: false,
    tokenGeneration: 1,
    strikes: 1,
    failedTrials: 0,
    evidence: { rule: 'r', message: 'm', timeSource: 'stated', seenAtMs: START - HOUR },
    ...given,
  }
}

export function newCredential(name: string, given: Partial<NewCredential> = {}): NewCredential {
  return {
    id: `cred_${name}`,
    provider: 'openai',
    label: name,
    type: 'api-key',
    source: { kind: 'stored' },
    fingerprint: `finger-${name}`,
    secret: { token: `sk-secret-of-${name}` },
    ...given,
  }
}

export interface TestPool {
  readonly platform: ManualPlatform
  readonly store: Store
  readonly pool: CredentialPool
  readonly troubles: string[]
  /** Lends, or fails the test. */
  lend(request?: Partial<AcquireRequest>): Promise<Lease>
  /** Label of the credential that would be lent, or `nothing`; gives it back at once. */
  who(request?: Partial<AcquireRequest>): Promise<string>
  /** Lends and fails with this label. */
  failWith(
    label: FailureLabel,
    failure?: Partial<Failure>,
    request?: Partial<AcquireRequest>,
    verdict?: Partial<FailureVerdict>,
  ): Promise<Lease>
  benches(): Promise<readonly Bench[]>
}

export function requestOf(given: Partial<AcquireRequest> = {}): AcquireRequest {
  return { provider: 'openai', model: 'gpt-5.5', tried: new Map(), ...given }
}

/** A pool of `openai` credentials `a`, `b`, ... over a store, with time that stands still. */
export async function testPool(
  names: readonly (string | NewCredential)[],
  given: Partial<PoolOptions> & { readonly platform?: ManualPlatform } = {},
): Promise<TestPool> {
  const platform = given.platform ?? manualPlatform()
  const store = given.store ?? new MemoryStore()
  for (const each of names) {
    await store.addCredential(typeof each === 'string' ? newCredential(each) : each, platform.clock.now())
  }
  const troubles: string[] = []
  const pool = new CredentialPool({
    store,
    strategyFor: () => 'fill_first',
    onTrouble: (trouble) => troubles.push(`${trouble.kind}: ${trouble.message}`),
    ...given,
    platform,
  })
  const lend = async (request: Partial<AcquireRequest> = {}) => {
    const acquired = await pool.acquire(requestOf(request))
    if (acquired.kind === 'nothing') throw new Error(`nothing to lend: ${JSON.stringify(acquired.why)}`)
    return acquired.lease
  }
  return {
    platform,
    store,
    pool,
    troubles,
    lend,
    async who(request = {}) {
      const acquired = await pool.acquire(requestOf(request))
      if (acquired.kind === 'nothing') return 'nothing'
      await acquired.lease.release()
      return acquired.lease.credential.label
    },
    async failWith(label, failure = {}, request = {}, verdict = {}) {
      const lease = await lend(request)
      await lease.fail(verdictOf(failureOf(label, platform.clock.now(), failure), verdict))
      return lease
    },
    benches: async () => (await store.snapshot()).benches,
  }
}
