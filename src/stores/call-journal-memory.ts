import { type CallJournal, type CallQuery, JOURNAL_BOUNDS, type JournalBounds } from '../telemetry/call-journal.ts'
import type { CallRecord } from '../telemetry/call-record.ts'

/** A journal that lives and dies with its process. */
export class MemoryCallJournal implements CallJournal {
  readonly #bounds: JournalBounds
  /** In the order of their last writing. */
  readonly #rows = new Map<string, { readonly seq: number; readonly record: CallRecord }>()
  #seq = 0

  constructor(bounds: JournalBounds = JOURNAL_BOUNDS) {
    this.#bounds = bounds
  }

  write(records: readonly CallRecord[], nowMs: number): void {
    for (const record of records) {
      this.#rows.delete(record.id)
      this.#seq += 1
      this.#rows.set(record.id, { seq: this.#seq, record })
    }
    for (const [id, { record }] of this.#rows) {
      if (this.#rows.size > this.#bounds.calls || record.startedAtMs < nowMs - this.#bounds.ageMs) this.#rows.delete(id)
    }
  }

  latest({ limit, failedOnly }: CallQuery): readonly CallRecord[] {
    return this.#newestFirst()
      .filter(({ outcome }) => failedOnly !== true || outcome === 'failed')
      .slice(0, limit)
  }

  startingWith(prefix: string, limit: number): readonly CallRecord[] {
    return this.#newestFirst()
      .filter(({ id }) => id.startsWith(prefix) || id.startsWith(`call_${prefix}`))
      .slice(0, limit)
  }

  end(): number {
    return this.#seq
  }

  endedSince(place: number, { limit, failedOnly }: CallQuery) {
    const rows = [...this.#rows.values()].filter(({ seq }) => seq > place)
    const wanted = rows.filter(({ record: { outcome } }) =>
      failedOnly === true ? outcome === 'failed' : outcome !== 'running',
    )
    const read = wanted.slice(0, limit)
    const all = read.length === wanted.length
    return {
      calls: read.map(({ record }) => record),
      place: (all ? rows.at(-1)?.seq : read.at(-1)?.seq) ?? place,
    }
  }

  close(): void {}

  #newestFirst(): CallRecord[] {
    return [...this.#rows.values()]
      .sort((left, right) => right.record.startedAtMs - left.record.startedAtMs || right.seq - left.seq)
      .map(({ record }) => record)
  }
}
