import { asArray, asObject, asText, type JsonObject, mapped } from '../json.ts'
import { changeBody, type Mender, mendIfChanged } from './repair.ts'

const REFUSED =
  /invalid schema for (?:function|tool)|unknown name .?[\w$]+.? at .?(?:request\.)?tools|input_schema|tools?\W[^.]{0,80}(?:parameters|schema)[^.]{0,80}(?:invalid|unsupported|not supported|not permitted)|(?:invalid|unsupported) (?:json )?schema|invalid tool (?:schema|parameters)|proto field is not repeating|(?:generate|error|fail)[^.]{0,60}\bgrammar\b|unrecognized schema/i
const CODES = new Set(['invalid_function_parameters', 'invalid_tool_schema'])

/** Without these a schema allows more, never less: tools check their input themselves. */
const LOOSENED = new Set(
  '$schema $id $comment additionalProperties unevaluatedProperties unevaluatedItems patternProperties propertyNames minProperties maxProperties dependentRequired dependentSchemas if then else not format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems contains minContains maxContains prefixItems default examples contentEncoding contentMediaType readOnly writeOnly deprecated'.split(
    ' ',
  ),
)
/** What a schema says at all. */
const KEPT = new Set(
  'type properties items required enum description $ref $defs definitions anyOf oneOf allOf const'.split(' '),
)
const COMBINED = ['anyOf', 'oneOf', 'allOf', 'enum', 'not'] as const
/** Schemas of schemas of schemas; a recursive walk could not go much deeper. */
const DEEPEST = 60

/** Takes out of the tools' schemas what the provider does not understand, and strictness, which demands some of it. */
export const mendToolSchemas: Mender = (refusal, request) => {
  const { message, code } = refusal
  if (!CODES.has(code) && !REFUSED.test(message)) return undefined
  const named = [...message.matchAll(/unknown name .?([\w$]+)|'([\w$]+)' is not permitted/gi)]
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((word) => word !== '' && !KEPT.has(word))
  const rules: Rules = {
    stripped: new Set([...LOOSENED, ...named]),
    plainTop: /top[- ]level/i.test(message),
    singleType: /not repeating/i.test(message),
    // Gemini and OpenAI's strict mode know no `const`.
    noConst: /\bconst\b/.test(message),
  }
  const what = named.length === 0 ? 'constraints' : [...new Set(named)].join(' ')
  return mendIfChanged(
    what,
    request,
    changeBody((body) => loosenTools(body, rules)),
  )
}

interface Rules {
  readonly stripped: ReadonlySet<string>
  readonly plainTop: boolean
  readonly singleType: boolean
  readonly noConst: boolean
}

/** What has tools: a request, or a namespace among them. */
function loosenTools(owner: JsonObject, rules: Rules): JsonObject {
  const tools = asArray(owner['tools'])
  const mended = mapped(tools, (each) => loosenTool(asObject(each), rules) ?? each)
  return mended === tools ? owner : { ...owner, tools: mended }
}

/** A tool of any protocol: its schema stands in it or in its `function`. */
function loosenTool(tool: JsonObject | undefined, rules: Rules): JsonObject | undefined {
  if (tool === undefined) return undefined
  const inner = asObject(tool['function'])
  if (inner !== undefined) {
    const mended = loosenTool(inner, rules)
    return mended === inner || mended === undefined ? tool : { ...tool, function: mended }
  }
  const member = tool['input_schema'] === undefined ? 'parameters' : 'input_schema'
  const schema = asObject(tool[member])
  if (schema === undefined) {
    // A namespace of tools.
    return loosenTools(tool, rules)
  }
  const loose = rules.plainTop ? topOf(loosen(schema, rules)) : loosen(schema, rules)
  if (loose === schema && tool['strict'] !== true) return tool
  // Where nobody asks for it, Responses takes a schema as strict.
  return {
    ...tool,
    [member]: loose,
    ...(tool['strict'] === undefined && member !== 'parameters' ? {} : { strict: false }),
  }
}

function topOf(schema: JsonObject): JsonObject {
  const plain = Object.fromEntries(
    Object.entries(schema).filter(([key]) => !(COMBINED as readonly string[]).includes(key)),
  )
  return { ...plain, type: 'object' }
}

function loosen(schema: JsonObject, rules: Rules, depth = 0): JsonObject {
  if (depth > DEEPEST) return schema
  const again = (each: unknown): unknown => {
    const object = asObject(each)
    return object === undefined ? each : loosen(object, rules, depth + 1)
  }
  let changed = false
  const kept: Array<readonly [string, unknown]> = []
  for (const [key, value] of Object.entries(schema)) {
    if (rules.stripped.has(key)) {
      changed = true
      continue
    }
    const mended = mendMember(key, value, rules, again)
    changed ||= mended[0] !== key || mended[1] !== value
    kept.push(mended)
  }
  return changed ? Object.fromEntries(kept) : schema
}

function mendMember(
  key: string,
  value: unknown,
  rules: Rules,
  again: (each: unknown) => unknown,
): readonly [string, unknown] {
  switch (key) {
    case 'type': {
      const types = asArray(value)
      return [key, rules.singleType && types.length > 0 ? (types.find((each) => each !== 'null') ?? 'string') : value]
    }
    case 'const':
      return rules.noConst && asText(value) !== '' ? ['enum', [value]] : [key, value]
    case 'properties':
    case '$defs':
    case 'definitions': {
      const members = Object.entries(asObject(value) ?? {})
      const mended = members.map(([name, each]) => [name, again(each)] as const)
      return [key, mended.some(([, each], index) => each !== members[index]?.[1]) ? Object.fromEntries(mended) : value]
    }
    case 'items':
    case 'anyOf':
    case 'oneOf':
    case 'allOf': {
      if (!Array.isArray(value)) return [key, again(value)]
      return [key, mapped<unknown>(value, again)]
    }
    default:
      return [key, value]
  }
}
