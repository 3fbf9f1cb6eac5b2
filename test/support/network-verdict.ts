import { classify } from '../../src/failure/classify.ts'
import { observeException } from '../../src/failure/observe-exception.ts'
import type { NetworkAnswer } from '../../src/platform/network.ts'

/** What the pipeline makes of a request that the network could not have answered, or `answered`. */
export function verdictOn(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'answered',
    (error: unknown) => classify(observeException({ provider: 'openai', api: 'responses', error, seenAtMs: 0 })).label,
  )
}

/** @throws what the transport threw */
export async function textOf({ body }: Pick<NetworkAnswer, 'body'>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString()
}
