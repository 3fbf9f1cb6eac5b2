import type { Cut } from '../platform/cut.ts'

/**
 * A relay's body as a web stream: read only as fast as it is asked for. Whoever cancels it, or aborts the request, cuts the upstream at once.
 * @param left told when the reader has gone
 */
export function streamOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal, left: Cut): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]()
  let onAbort: (() => void) | undefined
  const end = () => {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        onAbort = () => {
          left.abort()
          controller.error(signal.reason)
          void chunks.return?.()
        }
        signal.addEventListener('abort', onAbort, { once: true })
      },
      async pull(controller) {
        const next = await chunks.next()
        if (signal.aborted) return
        if (next.done !== true) {
          controller.enqueue(next.value)
          return
        }
        end()
        controller.close()
      },
      async cancel() {
        end()
        left.abort()
        await chunks.return?.()
      },
    },
    // Nothing is read ahead: a slow reader holds the upstream back.
    { highWaterMark: 0 },
  )
}
