import type { Platform } from '../platform/platform.ts'
import type { Bench } from './bench.ts'
import type { Credential, Secret } from './credential.ts'
import type { NothingReady } from './lease.ts'
import type { CredentialQuota } from './quota.ts'
import type { ReferenceReaders } from './referenced-secrets.ts'
import type { Standing } from './selection.ts'
import type { Store, Uses } from './store-contract.ts'
import type { StrategyName } from './strategies.ts'
import type { ProbeUsage } from './usage-probe.ts'

/**
 * Who has credentials at all, and whether a lease has ended well, may be looked up in what was seen this long ago, ms: asking SQLite costs more
 * than choosing. Whoever is to be lent always sees the verdicts of this moment.
 */
export const FRESH_ENOUGH_MS = 25

export interface PoolOptions {
  readonly store: Store
  readonly platform: Platform
  /** Names this process in claims and places. @default a random id */
  readonly holder?: string
  /** @param model `undefined` asks for the provider's own */
  readonly strategyFor: (provider: string, model: string | undefined) => StrategyName
  /** Percent of the tightest window below which `quota_aware` moves on. @default 20 */
  readonly avoidBelowFor?: (provider: string) => number
  /** A strategy moves to another credential at most this often, ms. @default 0: at every call */
  readonly minRotationIntervalMsFor?: (provider: string) => number
  /** Whether sessions stay on their credential while it is ready. @default `session` */
  readonly affinityFor?: (provider: string) => 'session' | 'none'
  /** Calls at once per credential of a provider, over all processes; 0 = no limit. @default 0 for all */
  readonly maxConcurrentFor?: (provider: string) => number
  /** Asks a provider's usage endpoint. @default nobody is asked: benches are tested by live calls */
  readonly probeUsage?: { readonly canProbe: (provider: string) => boolean; readonly probe: ProbeUsage }
  /** Logins that are renewed: tokens that the store would not take yet, and tokens fit for use. @default tokens are used as they are stored */
  readonly logins?: {
    readonly unsaved: (credential: Credential) => Secret | undefined
    readonly fresh: (credential: Credential, secret: Secret) => Promise<Secret>
  }
  /** Follows credentials whose secret lies elsewhere. @default none can be used */
  readonly references?: ReferenceReaders
  /** Told about what was survived. Never carries a secret. */
  readonly onTrouble?: (trouble: PoolTrouble) => void
}

export interface PoolTrouble {
  /** A lease was ended a second time (ignored), the store refused (kept in memory, tried again), or others can read a key file. */
  readonly kind: 'lease_ended_twice' | 'store_failed' | 'secret_exposed'
  readonly message: string
  readonly credentialId?: string
}

/** What `acquire` would find, without lending. */
export interface Outlook {
  /** Credentials that could be lent at once. */
  readonly ready: number
  /** Benched credentials whose single trial is due. */
  readonly trialsDue: number
  readonly why: NothingReady
}

/** One credential as people see it. */
export interface Described {
  readonly credential: Credential
  /** For calls of any model; benches of single models are only in `benches`. */
  readonly standing: Standing
  /** Those in force, of every scope. */
  readonly benches: readonly Bench[]
  /** Leases of this process. */
  readonly inFlight: number
  /** Leases of other processes; counted only where a limit is set. */
  readonly inFlightElsewhere: number
  readonly uses: Uses
  /** Usage windows with their evidence, when any were read. */
  readonly quota?: CredentialQuota
  /** The next call without affinity goes here; nobody when the strategy is `random`. */
  readonly next: boolean
}
