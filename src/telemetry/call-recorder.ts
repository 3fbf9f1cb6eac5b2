import type { Platform } from '../platform/platform.ts'
import type { CallJournal } from './call-journal.ts'
import type { CallRecord } from './call-record.ts'
import { CallStory } from './call-story.ts'
import type { TelemetryEvent } from './events.ts'
import { WritingTrouble } from './writing-trouble.ts'

/** What dies with a killed process: the stories of this long. */
const FLUSH_MS = 200
/** Nobody waits for a process that ends; then the last stories may wait for others' locks. */
const LAST_PATIENCE_MS = 1_000
/** Calls that one flush writes; what is more waits for the next. */
const MOST_WAITING = 5_000
/** Calls that are followed at once. A surface that never ends its calls must not fill the memory. */
const MOST_RUNNING = 10_000

/**
 * Gathers the stories of calls from their events and writes them in batches.
 * Best effort: a call never waits for it, and a full disk costs only the stories (counted, told once).
 */
export class CallRecorder {
  readonly #journal: CallJournal
  readonly #platform: Platform
  readonly #redact: (text: string) => string
  readonly #trouble: WritingTrouble
  readonly #running = new Map<string, CallStory>()
  /** Running calls that have news. */
  readonly #changed = new Set<string>()
  #ended: CallStory[] = []
  #cancelTimer: (() => void) | undefined
  #dropped = 0

  constructor(settings: {
    readonly journal: CallJournal
    readonly platform: Platform
    readonly redact: (text: string) => string
    readonly onTrouble: (message: string) => void
  }) {
    this.#journal = settings.journal
    this.#platform = settings.platform
    this.#redact = settings.redact
    this.#trouble = new WritingTrouble({
      clock: settings.platform.clock,
      tell: settings.onTrouble,
      broken: 'calls are not recorded',
      mended: () => `calls are recorded again; ${this.#dropped} were not`,
    })
  }

  /** Stories that could not be kept since the start. */
  get dropped(): number {
    return this.#dropped
  }

  take(event: TelemetryEvent): void {
    const id = event.callId
    const story = event.type === 'call_started' ? this.#begin(id, new CallStory(event)) : this.#running.get(id)
    if (story === undefined) return
    story.take(event)
    if (event.type === 'call_ended') {
      this.#running.delete(id)
      this.#changed.delete(id)
      this.#keep([story])
    } else this.#changed.add(id)
    this.#flushLater()
  }

  /** Writes what was gathered. Never throws. @param patienceMs see `CallJournal.write` */
  flush(patienceMs = 0): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const ended = this.#ended
    const stories = [...ended, ...[...this.#changed].flatMap((id) => this.#running.get(id) ?? [])]
    this.#ended = []
    this.#changed.clear()
    if (stories.length === 0) return
    try {
      const records: readonly CallRecord[] = stories.map((story) => story.record(this.#redact))
      this.#journal.write(records, this.#platform.clock.now(), patienceMs)
      this.#trouble.worked()
    } catch (error) {
      // A full disk may pass: what still fits in memory is tried again with the next call. A lock passes: its last calls must not wait for one.
      this.#keep(ended)
      if (this.#trouble.failed(error) !== 'other') this.#flushLater()
    }
  }

  #flushLater(): void {
    this.#cancelTimer ??= this.#platform.timers.after(FLUSH_MS, () => this.flush(), { unref: true })
  }

  /** Writes the rest and closes the journal. Never throws. */
  close(): void {
    // Processes that end together are in each other's way for a moment, and there is no next call to try again with.
    this.flush(LAST_PATIENCE_MS)
    this.#dropped += this.#ended.length
    this.#ended = []
    try {
      this.#journal.close()
    } catch {
      // Everything that could be written was.
    }
  }

  #begin(id: string, story: CallStory): CallStory {
    if (this.#running.size >= MOST_RUNNING) {
      const oldest = this.#running.keys().next().value
      if (oldest !== undefined) {
        this.#running.delete(oldest)
        this.#changed.delete(oldest)
        this.#dropped += 1
      }
    }
    this.#running.set(id, story)
    return story
  }

  #keep(stories: readonly CallStory[]): void {
    for (const story of stories) this.#ended.push(story)
    const over = this.#ended.length - MOST_WAITING
    if (over <= 0) return
    this.#ended.splice(0, over)
    this.#dropped += over
  }
}
