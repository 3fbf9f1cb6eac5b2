import cluster from 'node:cluster'
import type { Started } from './show-started.ts'

/** What a worker and its parent tell each other. */
export type ToParent = { readonly kind: 'ready'; readonly started: Started }
export type ToWorker = { readonly kind: 'stop'; readonly replaced: boolean }

/** A gateway's end of the line to the process that started it. */
export interface WorkerSide {
  ready(started: Started): void
  /** Settles when this worker is to end: true when another one listens already. */
  readonly replaced: Promise<boolean>
  /** Ends the line, so that the process can end. */
  leave(): void
}

/** @returns undefined in a process that stands alone */
export function crewOfWorker(): WorkerSide | undefined {
  const { worker } = cluster
  if (worker === undefined) return undefined
  // Without this a worker whose parent was killed would end in the middle of its streams.
  worker.exitedAfterDisconnect = true
  const replaced = new Promise<boolean>((resolve) => {
    process.on('message', ({ kind, replaced: by }: ToWorker) => {
      if (kind === 'stop') resolve(by)
    })
    process.once('disconnect', () => resolve(false))
  })
  return {
    ready: (started) => void process.send?.({ kind: 'ready', started } satisfies ToParent),
    replaced,
    leave() {
      if (process.connected) process.disconnect()
    },
  }
}
