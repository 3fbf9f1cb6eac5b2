import type { Call, Route } from '../../src/relay/call.ts'
import type { Turn } from './sessions.ts'

const MODEL = 'gpt-5.5'
const BODY = {
  model: MODEL,
  instructions: 'Do the work.',
  input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'next' }] }],
  store: false,
  stream: true,
}
/** Nobody leaves in the simulation. */
const STAYS = new AbortController().signal
const BYTES = new TextEncoder().encode(JSON.stringify(BODY))

/** The call that a session's agent makes: a streamed Responses call that names its session, as the Codex CLI does. */
export function callOfTurn(turn: Turn, id: string, chain: readonly Route[]): Call {
  return {
    id,
    wire: 'responses',
    model: MODEL,
    stream: true,
    headers: [
      ['content-type', 'application/json'],
      ['session_id', turn.session],
    ],
    bytes: BYTES,
    body: BODY,
    signal: STAYS,
    query: '',
    chain,
    client: 'other',
  }
}
