import type { Failure } from '../../src/failure/evidence.ts'

/** An account as a rival sees it. */
export interface RivalAccount {
  readonly name: string
  token: string
  /** Epoch ms. */
  coolUntilMs: number
}

/** What has happened to one call so far. */
export interface RivalSituation {
  readonly nowMs: number
  /** Failed attempts of this call, this one included. */
  readonly failures: number
  /** Of them with this account since it was chosen. */
  readonly failuresHere: number
}

/** `again` the same account · `next` another one · `fallback` the metered route, else the error. */
export interface RivalStep {
  readonly kind: 'again' | 'next' | 'fallback'
  readonly afterMs?: number
  /** The account is left alone this long, for all calls. */
  readonly coolMs?: number
}

/** A policy as other systems have it, reduced to its rule. */
export interface Rival {
  readonly name: string
  /** One sentence for the page. */
  readonly meaning: string
  /** Chooses among accounts that are not cooling down and, unless `comesBack`, were not tried by this call. */
  choose(ready: readonly RivalAccount[], chance: number): RivalAccount | undefined
  /** It may choose an account again that this call has tried. @default false */
  readonly comesBack?: true
  /** Only the first account is ever used. @default false */
  readonly firstOnly?: true
  react(failure: Failure, situation: RivalSituation): RivalStep
}
