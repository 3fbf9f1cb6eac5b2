/**
 * Resolves at the first SIGINT or SIGTERM; a second SIGINT ends the process at once.
 * Call it before telling anybody that the server runs: whoever hears that may send the signal at once.
 */
export function untilStopped(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.once('SIGINT', () => process.exit(130))
      resolve()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}
