import { asObject, asText, parseObject } from '../json.ts'
import { openAiError, renderOpenAiError } from '../openai-error.ts'
import { encodeSse } from '../sse.ts'
import type { RequestFacts, WireProtocol } from '../wire.ts'
import { ChatStreamObserver } from './events.ts'
import { chatBodyFailure, chatUsage } from './failures.ts'

/** The Chat Completions API, spoken by most providers. */
export const chatCompletionsWire: WireProtocol = {
  name: 'chat-completions',
  path: '/chat/completions',
  readRequest,
  bodyFailure: chatBodyFailure,
  bodyUsage: (text) => chatUsage(parseObject(text)),
  observeStream: () => new ChatStreamObserver(),
  renderError: renderOpenAiError,
  // No [DONE] behind it: that would read as a good end.
  renderStreamError: (given) => encodeSse({ data: JSON.stringify({ error: openAiError(given) }) }),
  heartbeat: () => ': keep-alive\n\n',
}

function readRequest(body: unknown): RequestFacts | undefined {
  const object = asObject(body)
  if (object === undefined) return undefined
  return { model: asText(object['model']) || undefined, stream: object['stream'] === true }
}
