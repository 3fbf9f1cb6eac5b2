import { readFile } from 'node:fs/promises'
import { replaceFile } from '../config/replace-file.ts'
import type { Failure } from '../failure/evidence.ts'
import { toIsoText } from '../platform/clock.ts'
import type { Platform } from '../platform/platform.ts'
import { isWorthRecording, kindOf, parseRecord, type RecordedFailure, recordOf } from './recorded-failure.ts'

/** Kinds that are kept; the one not seen for the longest time goes first. */
const MOST_KINDS = 100
/** An outage is one kind a thousand times: it is written once. */
const GATHER_MS = 500

/** Keeps the failures that no row knew for sure, so that somebody can add one. Best effort: a call never waits for it, and a full disk costs only the record. */
export class FailureRecorder {
  readonly #path: string
  readonly #platform: Platform
  readonly #redact: (text: string) => string
  readonly #onTrouble: (message: string) => void
  #gathered = new Map<string, RecordedFailure>()
  #cancelTimer: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()

  /** @param path of `failures.jsonl`; created with mode 0600 */
  constructor(settings: {
    readonly path: string
    readonly platform: Platform
    readonly redact: (text: string) => string
    readonly onTrouble: (message: string) => void
  }) {
    this.#path = settings.path
    this.#platform = settings.platform
    this.#redact = settings.redact
    this.#onTrouble = settings.onTrouble
  }

  record(failure: Failure): void {
    if (!isWorthRecording(failure)) return
    const record = recordOf(failure, toIsoText(this.#platform.clock.now()), this.#redact)
    const kind = kindOf(record)
    if (this.#gathered.size >= MOST_KINDS && !this.#gathered.has(kind)) return
    this.#gathered.set(kind, merged(this.#gathered.get(kind), record))
    this.#cancelTimer ??= this.#platform.timers.after(GATHER_MS, () => void this.flush(), { unref: true })
  }

  /** Writes what was gathered. Never throws. */
  flush(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const gathered = this.#gathered
    if (gathered.size === 0) return this.#writing
    this.#gathered = new Map()
    this.#writing = this.#writing.then(() => this.#write(gathered))
    return this.#writing
  }

  async #write(gathered: ReadonlyMap<string, RecordedFailure>): Promise<void> {
    try {
      const kinds = new Map((await readRecords(this.#path)).map((each) => [kindOf(each), each]))
      for (const [kind, record] of gathered) kinds.set(kind, merged(kinds.get(kind), record))
      const newest = [...kinds.values()].sort((left, right) => (left.now < right.now ? 1 : -1)).slice(0, MOST_KINDS)
      const text = newest.map((each) => `${JSON.stringify(each)}\n`).join('')
      await replaceFile(this.#path, `${this.#path}.${this.#platform.random.id('new')}`, text, 0o600)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      this.#onTrouble(`unknown failures are not recorded (${code})`)
    }
  }
}

/** The newest first; none when nothing was recorded. Lines that are no records are left out. */
export async function readRecords(path: string): Promise<readonly RecordedFailure[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap((line) => {
    const record = parseRecord(line)
    return record === undefined ? [] : [record]
  })
}

function merged(before: RecordedFailure | undefined, record: RecordedFailure): RecordedFailure {
  return before === undefined ? record : { ...record, count: before.count + record.count }
}
