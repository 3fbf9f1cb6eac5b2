import { classify } from '../../src/failure/classify.ts'
import type { Failure } from '../../src/failure/evidence.ts'
import { observeException } from '../../src/failure/observe-exception.ts'
import { observeHttp } from '../../src/failure/observe-http.ts'
import { observeSoft } from '../../src/failure/observe-soft.ts'
import type { HeaderList, Network, NetworkAnswer, NetworkRequest } from '../../src/platform/network.ts'
import { AnswerStream } from '../../src/relay/answer-stream.ts'
import type { Route } from '../../src/relay/call.ts'
import { WIRES } from '../../src/wire/wires.ts'

const TIMEOUTS = { connectMs: 10_000, firstByteMs: 120_000, idleMs: 300_000 }
const STAYS = new AbortController().signal

/**
 * One attempt of a rival, judged by the product's own eyes: the same observers, the same classifier, the same rows.
 * @returns undefined for an answer
 */
export async function look(
  network: Network,
  request: NetworkRequest,
  route: Route,
  nowMs: () => number,
): Promise<Failure | undefined> {
  const { rules, id } = route.definition
  const context = () => ({ provider: id, api: 'responses' as const, model: route.model, seenAtMs: nowMs() })
  let answer: NetworkAnswer
  try {
    answer = await network.send(request, TIMEOUTS, STAYS)
  } catch (error) {
    return classify(observeException({ ...context(), error, hadOutput: false }), rules)
  }
  const { status } = answer
  const headers = recordOf(answer.headers)
  const soft = { ...context(), status, headers, hadOutput: false }
  if (headers['content-type'] === 'text/event-stream') {
    const chunks = answer.body[Symbol.asyncIterator]()
    const read = async () => {
      const next = await chunks.next()
      return next.done === true ? undefined : next.value
    }
    const opening = await new AnswerStream(read, WIRES.responses.observeStream()).open()
    return opening.kind === 'failure' ? classify(observeSoft(opening.evidence, soft), rules) : undefined
  }
  const body = await textOf(answer.body)
  if (status !== 200) return classify(observeHttp({ ...context(), status, headers, body }), rules)
  const evidence = WIRES.responses.bodyFailure(body)
  return evidence === undefined ? undefined : classify(observeSoft(evidence, soft), rules)
}

function recordOf(headers: HeaderList): Record<string, string> {
  const record: Record<string, string> = {}
  for (const [name, value] of headers) record[name] = value
  return record
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
