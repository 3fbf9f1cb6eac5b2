/**
 * The events that make up nearly all of a stream, a piece of text or of a tool's arguments and nothing else, recognised as a whole and exactly: what these match,
 * a parser would read as an event that shows something and says nothing more. Everything else, however slightly it differs, is parsed.
 * Taking such an event apart is the greater part of what a stream costs (`docs/benchmark.md`).
 */

/** Longer ones are parsed: a matcher keeps a place to return to for every step. */
const LONGEST = 2_048
/** A JSON string that is not empty. */
const TEXT = String.raw`"(?!")[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*"`
const SCALAR = String.raw`(?:null|true|false|""|${TEXT}|-?(?:0|[1-9]\d{0,15})|\[\])`
/** Members whose value nobody looks at; those named are looked at. */
const others = (...looked: readonly string[]) => `"(?!(?:${looked.join('|')})")[a-z_]+":`

const CHAT_TOP = `${others('error', 'error_message', 'error_type', 'base_resp', 'type', 'choices', 'usage')}${SCALAR}`
const CHAT_CHOICE = `,${others('index', 'delta', 'message', 'text', 'error')}null`
const CHAT = new RegExp(
  String.raw`^\{(?:${CHAT_TOP},)*"choices":\[\{"index":0,"delta":\{"(?:content|reasoning_content|reasoning|refusal)":${TEXT}\}(?:${CHAT_CHOICE})*\}\](?:,${CHAT_TOP}|,"usage":null)*\}$`,
)
const RESPONSES_OTHER = `,${others('type', 'delta')}${SCALAR}`
const RESPONSES = new RegExp(
  String.raw`^\{"type":"response\.(?:output_text|refusal|function_call_arguments|custom_tool_call_input|reasoning_summary_text|reasoning_text)\.delta"(?:${RESPONSES_OTHER})*,"delta":${TEXT}(?:${RESPONSES_OTHER})*\}$`,
)
const MESSAGES = new RegExp(
  String.raw`^\{"type":"content_block_delta","index":(?:0|[1-9]\d{0,3}),"delta":\{"type":"(?:text_delta","text|input_json_delta","partial_json|thinking_delta","thinking)":${TEXT}\} *\}$`,
)

/** A chunk of the only choice with text in it, without an end and without tokens. @param data of an event */
export function isPlainChatDelta(data: string): boolean {
  return data.length <= LONGEST && CHAT.test(data)
}

/** @param data of an event */
export function isPlainResponsesDelta(data: string): boolean {
  return data.length <= LONGEST && RESPONSES.test(data)
}

/** @param data of an event */
export function isPlainMessagesDelta(data: string): boolean {
  return data.length <= LONGEST && MESSAGES.test(data)
}
