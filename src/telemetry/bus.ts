import type { TelemetryEvent, TelemetryListener } from './events.ts'

type Type = TelemetryEvent['type']

/** Hands events to whoever listens. A listener that throws, or rejects later, harms nobody: not the call, not the other listeners. */
export class TelemetryBus {
  /** Never changed in place: an event is heard by those who listened when it began. */
  #listeners: ReadonlyArray<{ readonly listener: TelemetryListener }> = []
  readonly #onTrouble: (message: string) => void

  /** @param onTrouble told about listeners that throw, by the name of their error only: its message may hold anything */
  constructor(onTrouble: (message: string) => void = () => {}) {
    this.#onTrouble = onTrouble
  }

  /** Calls every listener in the order in which they came. Never throws. Who subscribes meanwhile hears the next event. */
  emit(event: TelemetryEvent): void {
    for (const { listener } of this.#listeners) {
      try {
        const returned: unknown = listener(event)
        // An async function is a listener too; its rejection would end the process.
        if (returned instanceof Promise) returned.catch((error: unknown) => this.#tell(error))
      } catch (error) {
        this.#tell(error)
      }
    }
  }

  /** Listens to everything; the same function subscribed twice hears everything twice. @returns stops listening */
  subscribe(listener: TelemetryListener): () => void {
    const own = { listener }
    this.#listeners = [...this.#listeners, own]
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== own)
    }
  }

  /** Listens to one type of event. @returns stops listening */
  on<T extends Type>(type: T, listener: (event: Extract<TelemetryEvent, { type: T }>) => unknown): () => void {
    // What it returns is passed on: a promise must not be lost on the way.
    return this.subscribe((event) =>
      event.type === type ? listener(event as Extract<TelemetryEvent, { type: T }>) : undefined,
    )
  }

  #tell(error: unknown): void {
    try {
      this.#onTrouble(`a listener threw: ${error instanceof Error ? error.name : 'unknown'}`)
    } catch {
      // Whoever is told of trouble may be the trouble.
    }
  }
}
