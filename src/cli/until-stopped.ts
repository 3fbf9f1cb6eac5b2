/** Exit codes of a process that a signal ended, as shells count them. */
const ENDED_BY = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Resolves at the first SIGINT or SIGTERM; a second one ends the process at once.
 * Call it before telling anybody that the server runs: whoever hears that may send the signal at once.
 */
export function untilStopped(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const [name, code] of Object.entries(ENDED_BY)) {
        process.off(name, stop)
        process.on(name, () => process.exit(code))
      }
      resolve()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}
