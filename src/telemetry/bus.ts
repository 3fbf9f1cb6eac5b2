import type { TelemetryEvent, TelemetryListener } from './events.ts'

type Type = TelemetryEvent['type']

/** Hands events to whoever listens. A listener that throws harms nobody: not the call, not the other listeners. */
export class TelemetryBus {
  readonly #listeners = new Set<TelemetryListener>()
  readonly #onTrouble: (message: string) => void

  constructor(onTrouble: (message: string) => void = () => {}) {
    this.#onTrouble = onTrouble
  }

  emit(event: TelemetryEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#onTrouble(`a listener threw: ${error instanceof Error ? error.name : 'unknown'}`)
      }
    }
  }

  /** @returns stops listening */
  subscribe(listener: TelemetryListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Listens to one type of event. @returns stops listening */
  on<T extends Type>(type: T, listener: (event: Extract<TelemetryEvent, { type: T }>) => void): () => void {
    return this.subscribe((event) => {
      if (event.type === type) listener(event as Extract<TelemetryEvent, { type: T }>)
    })
  }
}
