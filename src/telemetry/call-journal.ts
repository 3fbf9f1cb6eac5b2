import type { CallRecord } from './call-record.ts'

/** Which calls to read. */
export interface CallQuery {
  /** Read at most this many. */
  readonly limit: number
  /** Only those that failed. @default false */
  readonly failedOnly?: boolean
}

/** Calls that ended since a place in the journal, the earliest first. */
export interface EndedCalls {
  readonly calls: readonly CallRecord[]
  /** Where to read on. */
  readonly place: number
}

/**
 * Keeps the stories of calls for every process of a home. Bounded: the oldest go first.
 * Every journal passes `test/contracts/call-journal.contract.ts`.
 */
export interface CallJournal {
  /**
   * Writes all of them in one transaction; a call written again is replaced.
   * @param patienceMs how long another process may be in the way, ms. The event loop stands still meanwhile. @default 0
   * @throws Error when it cannot write: nothing was changed then
   */
  write(records: readonly CallRecord[], nowMs: number, patienceMs?: number): void
  /** The latest first, by when they began. */
  latest(query: CallQuery): readonly CallRecord[]
  /** Calls whose id begins with `prefix` (with or without `call_`), at most `limit`. */
  startingWith(prefix: string, limit: number): readonly CallRecord[]
  /** The place after everything that was written so far. */
  end(): number
  endedSince(place: number, query: CallQuery): EndedCalls
  close(): void
}

/** What a journal keeps at most. */
export interface JournalBounds {
  readonly calls: number
  readonly ageMs: number
}

export const JOURNAL_BOUNDS: JournalBounds = { calls: 20_000, ageMs: 7 * 24 * 60 * 60 * 1000 }
