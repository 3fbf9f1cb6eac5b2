import { asObject, mapped } from '../json.ts'

/** What a caller or a tool means stands in these: a name in there is theirs. */
const OPAQUE = new Set(['input', 'arguments', 'input_schema', 'parameters', 'schema', 'output', 'data', 'text'])
/** Members that mean a hint only inside this object. */
const ONLY_INSIDE: Readonly<Record<string, string>> = { ttl: 'cache_control', scope: 'cache_control' }
/** Nobody nests blocks this deep; a recursive walk could not go much deeper. */
const DEEPEST = 20

/** The same value without a member, wherever blocks, messages and tools have it. @returns the very same value when nobody has it */
export function withoutMember(value: unknown, member: string, parent = '', depth = 0): unknown {
  if (depth > DEEPEST) return value
  if (Array.isArray(value)) {
    return mapped<unknown>(value, (each) => withoutMember(each, member, parent, depth + 1))
  }
  const object = asObject(value)
  if (object === undefined) return value
  let changed = false
  const rest: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(object)) {
    if (key === member && (ONLY_INSIDE[member] ?? parent) === parent) {
      changed = true
      continue
    }
    const kept = OPAQUE.has(key) ? each : withoutMember(each, member, key, depth + 1)
    changed ||= kept !== each
    define(rest, key, kept)
  }
  return changed ? rest : value
}

/** `__proto__` is a key like any other. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}
