import type { JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import type { IdForm } from './call-ids.ts'
import { decodeChatRequest } from './chat-decode-request.ts'
import { encodeChatRequest } from './chat-encode-request.ts'
import type { Conversation } from './conversation.ts'
import { LossReport, type Refusal } from './loss-report.ts'
import { decodeMessagesRequest } from './messages-decode-request.ts'
import { encodeMessagesRequest } from './messages-encode-request.ts'
import { decodeResponsesRequest } from './responses-decode-request.ts'
import { encodeResponsesRequest } from './responses-encode-request.ts'
import { ToolNames } from './tool-names.ts'

/** A request in another protocol, or why it cannot be said there. */
export type TranslatedRequest =
  | {
      readonly body: Readonly<Record<string, unknown>>
      /** What was left out without a change of meaning. */
      readonly dropped: readonly string[]
      /** The way back for the names of tools. */
      readonly names: ToolNames
      readonly includeUsage: boolean
    }
  | { readonly refused: Refusal }

const DECODE: Readonly<Record<WireName, (body: JsonObject, report: LossReport) => Conversation>> = {
  responses: decodeResponsesRequest,
  'chat-completions': decodeChatRequest,
  messages: decodeMessagesRequest,
}

const ENCODE: Readonly<
  Record<
    WireName,
    (conversation: Conversation, names: ToolNames, report: LossReport, ids: IdForm) => Record<string, unknown>
  >
> = {
  responses: encodeResponsesRequest,
  'chat-completions': encodeChatRequest,
  messages: encodeMessagesRequest,
}

/**
 * Says a request in another protocol.
 * @param ids which tool-call ids the upstream takes @default common
 */
export function translateRequest(
  from: WireName,
  to: WireName,
  body: JsonObject,
  ids: IdForm = 'common',
): TranslatedRequest {
  const report = new LossReport()
  const conversation = DECODE[from](body, report)
  const names = new ToolNames(conversation)
  const written = ENCODE[to](conversation, names, report, ids)
  const { refusal, dropped } = report
  return refusal === undefined
    ? { body: written, dropped, names, includeUsage: conversation.includeUsage }
    : { refused: refusal }
}
