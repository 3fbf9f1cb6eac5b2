import type { Network } from '../../src/platform/network.ts'
import type { Platform } from '../../src/platform/platform.ts'
import type { Turn } from './sessions.ts'
import type { Watched } from './world.ts'

/** A policy in one world: gets calls answered, or not. */
export interface Contestant extends Watched {
  answer(turn: Turn): Promise<boolean>
  close(): Promise<void>
}

/** What every policy gets, and no more. */
export interface Surroundings {
  readonly platform: Platform
  readonly network: Network
  /** Names and tokens of the subscription accounts, in priority order. */
  readonly accounts: ReadonlyArray<{ readonly name: string; readonly token: string }>
  readonly hasMeteredRoute: boolean
  /** To be called before the policy's notes change. */
  readonly beforeNotesChange: () => void
}

/** A row of the table. */
export interface PolicyRow {
  readonly name: string
  /** One sentence for the page. */
  readonly meaning: string
  /** The product's own code decides, not something written for this comparison. */
  readonly ours: boolean
  open(surroundings: Surroundings): Promise<Contestant>
}
