import { asObject, type JsonObject } from '../json.ts'
import { dotted } from './refusal.ts'
import { type Change, changeBody, type Mender, type Refusal } from './repair.ts'
import { withoutMember } from './without-member.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** Wishes, hints and bookkeeping: without them the answer may be another one, but it answers the same question. */
const WISHES = words(
  'temperature top_p top_k min_p presence_penalty frequency_penalty repetition_penalty seed verbosity reasoning reasoning_effort thinking parallel_tool_calls max_tokens max_completion_tokens max_output_tokens include store stream_options prompt_cache_key prompt_cache_options prompt_cache_retention safety_identifier service_tier truncation metadata client_metadata user context_management max_tool_calls prediction speed cache_control inference_geo provider_options',
)
/** Of these objects only some members are wishes; the others say what is wanted. */
const WISHES_INSIDE: Readonly<Record<string, ReadonlySet<string>>> = {
  text: words('verbosity'),
  output_config: words('effort'),
}
/** Members of messages, blocks and tools that say nothing to the model, or nothing that it needs. */
const HINTS_INSIDE = words(
  'cache_control ttl scope defer_loading eager_input_streaming strict input_examples allowed_callers caller reasoning_content reasoning_details refusal annotations citations phase status prompt_cache_breakpoint extra_content provider_options',
)
const LISTS = words('messages input system tools')
/** A model that takes no temperature takes none of these. */
const SAMPLING = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'] as const
/** Two names of one limit: the other one is tried instead of none. */
const OTHER_NAME: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
}

const CODES = words('unsupported_parameter unknown_parameter unsupported_value extra_forbidden')
/** How providers name a parameter that they do not take. */
const WORDINGS: readonly RegExp[] = [
  /unsupported (?:parameter|value)s?:? ['"`]?([\w.[\]]+)/gi,
  /(?:unknown|unrecognized) (?:parameter|request argument|name|field|key)s?(?: supplied)?:? ['"`]?([\w.[\]]+)/gi,
  /extra inputs are not permitted, field: '([\w.]+)'/gi,
  /([\w.[\]]+): extra inputs are not permitted/gi,
  /extraneous key \[([\w.]+)\] is not permitted/gi,
  /property '([\w.[\]]+)' is unsupported/gi,
  /argument not supported on this model: (\w+)/gi,
  /does not support (?:the )?parameter:? ['"`]?(\w+)/gi,
  /additional properties are not allowed \(['"`](\w+)/gi,
  /unexpected keyword argument '(\w+)'/gi,
  /temperature`? and `?(top_p)`? cannot both be specified/gi,
  /['"`]([\w.[\]]+)['"`](?: parameter)? (?:is|are) (?:deprecated|not supported|unsupported|not available)/gi,
  /['"`]([\w.[\]]+)['"`] does not support/gi,
  /^invalid (temperature): only/gi,
  /adaptive (thinking) is not supported|\b(thinking) is not supported/gi,
]

/** Leaves out parameters that the provider does not take, when an answer without them answers the same question. */
export const mendRefusedParameter: Mender = (refusal, request) => {
  let mended = request
  const changes: Change[] = []
  const told: string[] = []
  for (const path of refusedPaths(refusal)) {
    const change = dropping(path, refusal)
    const changed = change?.(mended)
    if (change === undefined || changed === undefined || changed === mended) continue
    mended = changed
    changes.push(change)
    told.push(path)
  }
  if (changes.length === 0) return undefined
  return { what: told.join(' '), change: (given) => changes.reduce((changed, change) => change(changed), given) }
}

/** Some providers name all that they do not take at once. */
function refusedPaths({ code, param, message }: Refusal): readonly string[] {
  if (param !== '' && CODES.has(code)) return [snakeCase(param)]
  for (const wording of WORDINGS) {
    const found = [...message.matchAll(wording)].flatMap((match) => match.slice(1).filter((each) => each !== undefined))
    if (found.length > 0) return [...new Set(found.map((each) => snakeCase(dotted(each))))]
  }
  return param !== '' && /not (?:supported|permitted|allowed)|unsupported/i.test(message) ? [snakeCase(param)] : []
}

function dropping(path: string, { message }: Refusal): Change | undefined {
  const segments = path.split('.')
  const [root = '', inside] = segments
  const last = segments.at(-1) ?? ''
  // Some servers name a member of a message by itself.
  if (HINTS_INSIDE.has(last) && (LISTS.has(root) || (segments.length === 1 && !WISHES.has(root))))
    return changeBody((body) => {
      let changed = body
      for (const list of LISTS) {
        const given = changed[list]
        const without = withoutMember(given, last)
        if (without !== given) changed = { ...changed, [list]: without }
      }
      return changed
    })
  if (WISHES_INSIDE[root] !== undefined) {
    if (inside !== undefined && WISHES_INSIDE[root].has(inside))
      return changeBody((body) => without(body, root, inside))
    return inside === undefined ? changeBody((body) => wishesOnly(body, root)) : undefined
  }
  if (!WISHES.has(root)) return undefined
  if (inside !== undefined && root !== 'thinking') return changeBody((body) => without(body, root, inside))
  if (root === 'temperature' && !/cannot both/i.test(message))
    return changeBody((body) => SAMPLING.reduce((rest, name) => without(rest, name), body))
  const other = OTHER_NAME[root]
  return (request) => {
    const changed = without(request.body, root)
    if (changed === request.body) return request
    const renames = request.wire === 'chat-completions' && other !== undefined && changed[other] === undefined
    return { ...request, body: renames ? { ...changed, [other]: request.body[root] } : changed }
  }
}

/** An object goes as a whole only when nothing but wishes is in it. */
function wishesOnly(body: JsonObject, root: string): JsonObject {
  const members = Object.keys(asObject(body[root]) ?? {})
  return members.every((member) => WISHES_INSIDE[root]?.has(member)) ? without(body, root) : body
}

function without(body: JsonObject, name: string, inside?: string): JsonObject {
  if (!Object.hasOwn(body, name)) return body
  if (inside === undefined) {
    const { [name]: _, ...rest } = body
    return rest
  }
  const object = asObject(body[name])
  if (object === undefined || !Object.hasOwn(object, inside)) return body
  const { [inside]: _, ...rest } = object
  return Object.keys(rest).length === 0 ? without(body, name) : { ...body, [name]: rest }
}

/** `maxOutputTokens`, as some servers call `max_output_tokens`. */
function snakeCase(path: string): string {
  return path.replace(/[a-z][A-Z]/g, (pair) => `${pair[0]}_${pair.slice(1).toLowerCase()}`)
}
