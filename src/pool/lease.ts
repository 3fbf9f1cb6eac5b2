import type { Failure } from '../failure/evidence.ts'
import type { BenchTerms } from '../recovery/policy.ts'
import type { Bench } from './bench.ts'
import type { Credential, Secret } from './credential.ts'
import type { Choice } from './choice.ts'

/** How an attempt ended for its credential. */
export interface FailureVerdict {
  readonly failure: Failure
  /** From the recovery table: what this label costs the credential. */
  readonly terms: BenchTerms
  readonly callId: string
  /** The only credential of its pool, and no further route: gets its first trial early. */
  readonly lastHope: boolean
}

/** The right to use one credential for one attempt. Ends exactly once (invariant I6): a second ending is ignored and reported. */
export interface Lease {
  readonly credential: Credential
  readonly model: string
  readonly tokenGeneration: number
  /** This is the single trial of a bench. */
  readonly trial: boolean
  readonly startedAtMs: number
  /** Why this credential, and why not the others. */
  readonly choice: Choice
  secret(): Promise<Secret>
  /** The attempt gave an answer: lifts the bench that it tried, clears strikes. */
  succeed(): Promise<void>
  /** Charges the credential, if its generation is still current and no reset came in between. @returns the bench that stands now, if any */
  fail(verdict: FailureVerdict): Promise<Bench | undefined>
  /** Gives it back without a word about the credential: aborted calls, provider faults, request faults. */
  release(): Promise<void>
  /** Removes the bench that `fail` of this lease made (poison-request guard). */
  undo(): Promise<void>
}

export interface AcquireRequest {
  readonly provider: string
  readonly model: string
  /** Credentials that this call has already tried, with the generation that failed. */
  readonly tried: ReadonlyMap<string, number>
  /** Prefer this credential when it is ready: a retry stays where it was. */
  readonly preferred?: string
  /** The caller's session, hashed: it stays on its credential while that is ready. */
  readonly session?: string
  /** Do not lend a benched credential to be tested. @default false */
  readonly noTrial?: boolean
  /** The session is state that its credential made: lending another one does not move it there. @default false */
  readonly sessionIsBound?: boolean
  /** The credential that made that state, where the caller knows it: another process writes its sessions a moment later. */
  readonly boundTo?: string
}

/** Why nobody could be lent, in numbers. */
export interface NothingReady {
  readonly total: number
  readonly benched: number
  readonly dead: number
  readonly tried: number
  readonly busy: number
  /** Credentials whose secret (a variable, file or command) this process cannot have. */
  readonly missing?: number
  /** Epoch ms at which the first bench ends; undefined when none will. */
  readonly earliestReturnMs?: number
  /** The bench behind `earliestReturnMs`, else the newest one: the reason to tell. */
  readonly bench?: Bench
}

export type Acquired =
  | { readonly kind: 'lease'; readonly lease: Lease }
  | { readonly kind: 'nothing'; readonly why: NothingReady }
