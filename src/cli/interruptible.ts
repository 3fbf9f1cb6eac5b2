/**
 * Runs work that Ctrl-C may end: the signal aborts at the first SIGINT or SIGTERM, a second SIGINT ends the process at once.
 * @param given aborts too
 */
export async function interruptible<T>(
  given: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cut = new AbortController()
  const onSignal = () => {
    if (cut.signal.aborted) process.exit(130)
    cut.abort()
  }
  const onGiven = () => cut.abort()
  if (given?.aborted === true) cut.abort()
  given?.addEventListener('abort', onGiven, { once: true })
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    return await work(cut.signal)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    given?.removeEventListener('abort', onGiven)
  }
}
