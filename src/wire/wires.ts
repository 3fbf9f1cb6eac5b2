import { chatCompletionsWire } from './chat-completions/protocol.ts'
import { messagesWire } from './messages/protocol.ts'
import { responsesWire } from './responses/protocol.ts'
import type { WireName, WireProtocol } from './wire.ts'

/** Every protocol that a call can be served in. */
export const WIRES: Readonly<Record<WireName, WireProtocol>> = {
  responses: responsesWire,
  'chat-completions': chatCompletionsWire,
  messages: messagesWire,
}
