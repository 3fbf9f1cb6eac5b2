/**
 * A generator whose clean-up also runs when it is returned before its first `next()`.
 * A plain generator's `finally` does not: a client that leaves between headers and body would keep its lease for ever.
 */
export function guarded<T, R>(
  generator: AsyncGenerator<T, R, void>,
  neverStarted: () => Promise<void>,
): AsyncGenerator<T, R, void> {
  let started = false
  const wrapped: AsyncGenerator<T, R, void> = {
    next: () => {
      started = true
      return generator.next()
    },
    return: async (value) => {
      if (!started) {
        started = true
        await neverStarted()
      }
      return generator.return(value)
    },
    throw: (error) => generator.throw(error),
    [Symbol.asyncIterator]: () => wrapped,
  }
  return wrapped
}
