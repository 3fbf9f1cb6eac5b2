import { type Document, isMap, isNode, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml'
import type { z } from 'zod'
import type { ConfigProblem } from './config.ts'
import { nearest } from './nearest.ts'
import { problemText } from './problem-text.ts'
import { LARGEST_FILE_BYTES } from './read-config-file.ts'
import { type ConfigFile, configSchema } from './schema.ts'

/** More are consequences of the first ones. */
const MOST_PROBLEMS = 20

/** Where something is written, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

export type ParsedFile =
  | {
      readonly file: ConfigFile
      /** Finds the key at a path, or its nearest parent that is written. */
      readonly placeOf: (path: readonly PropertyKey[]) => Place
    }
  | { readonly problems: readonly ConfigProblem[] }

/** Reads the text of a `config.yaml`. Every problem is found in one go, with its place. */
export function parseConfig(text: string, where: string): ParsedFile {
  const whole = (message: string): ParsedFile => ({ problems: [{ where, line: 1, column: 1, key: '', message }] })
  if (text.length > LARGEST_FILE_BYTES)
    return { problems: [{ where, key: '', message: 'the file is larger than 1 MiB' }] }
  const lines = new LineCounter()
  // A byte order mark is invisible in editors and would become part of the first key.
  // `error`: the library's warnings go to stderr and quote the file.
  const options = { lineCounter: lines, uniqueKeys: true, strict: true, logLevel: 'error' } as const
  const document = parseDocument(text.replace(/^\uFEFF/, ''), options)
  // A tag that nobody resolves (`!env NAME`) is read as plain text: it looks like a setting that does not work.
  const errors = [...document.errors, ...document.warnings]
  if (errors.length > 0) {
    return {
      problems: errors.slice(0, MOST_PROBLEMS).map((error) => {
        const { line, col } = lines.linePos(error.pos[0])
        return { where, line, column: col, key: '', message: syntaxText(error) }
      }),
    }
  }
  let value: unknown
  try {
    // Aliases multiply: ten lines can hold gigabytes.
    value = document.toJS({ maxAliasCount: 50 }) ?? {}
  } catch {
    return whole(
      'has an alias (*name) without its anchor (&name) before it, or far too many aliases; quote text that begins with "*"',
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return whole('the file must hold keys and values, such as "listen: 127.0.0.1:8787"')
  const checked = configSchema.safeParse(value)
  if (checked.success) return { file: checked.data, placeOf: (path) => place(path, document, lines) }
  const problems = checked.error.issues.flatMap((issue) => problemsOf(issue, where, document, lines))
  return { problems: problems.slice(0, MOST_PROBLEMS) }
}

/** The library's words, but for those that quote the file: what is quoted may be a key. */
function syntaxText({ code, message }: YAMLError): string {
  if (code === 'TAG_RESOLVE_FAILED') return 'tags (!name) are not supported; quote text that begins with "!"'
  if (code === 'BAD_DQ_ESCAPE') return 'unknown escape sequence; put text with backslashes between single quotes'
  if (code === 'BAD_DIRECTIVE') return 'a line that begins with "%" is a YAML directive; quote it if it is text'
  if (code === 'MULTIPLE_DOCS') return 'the file holds more than one document; remove the line "---" between them'
  if (message.startsWith('Maximum call stack')) return 'nested too deeply'
  const line = (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '')
  return code === 'UNEXPECTED_TOKEN' ? (line.split(': ')[0] ?? line) : line
}

function problemsOf(
  issue: z.core.$ZodIssue,
  where: string,
  document: Document,
  lines: LineCounter,
): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const valid = validKeys(issue.path)
    return issue.keys.map((key) => {
      const guess = nearest(key, valid)
      return {
        where,
        ...place([...issue.path, key], document, lines),
        key: dotted([...issue.path, shown(key)]),
        message: guess === undefined ? `unknown key; valid are ${valid.join(', ')}` : 'unknown key',
        ...(guess === undefined ? {} : { nearest: guess }),
      }
    })
  }
  // What a client entry holds is never repeated, not even its keys.
  if (issue.code === 'invalid_union' && issue.path[0] === 'clients') {
    return [
      {
        where,
        ...place(issue.path, document, lines),
        key: dotted(issue.path),
        message:
          'a client is a key of at least 8 characters, or { name, key }, or { name, sha256 }, and may have a "fallbackPolicy"',
      },
    ]
  }
  // A chain is a list or more than that: only what is wrong with the form that was meant is told.
  if (issue.code === 'invalid_union' && issue.path[0] === 'models' && issue.path.length === 2) {
    const meant = Array.isArray(plain(document.getIn(issue.path))) ? 0 : 1
    const inner = (issue.errors[meant] ?? []).map((each) => ({ ...each, path: [...issue.path, ...each.path] }))
    return inner.flatMap((each) => problemsOf(each, where, document, lines))
  }
  const last = issue.path.at(-1)
  const path =
    issue.code === 'invalid_key' && last !== undefined ? [...issue.path.slice(0, -1), shown(last)] : issue.path
  const values = issue.code === 'invalid_value' ? issue.values : []
  const guess = nearest(String(document.getIn(issue.path)), values.map(String))
  return [
    {
      where,
      ...place(issue.path, document, lines),
      key: dotted(path),
      message: problemText(issue),
      ...(guess === undefined ? {} : { nearest: guess }),
    },
  ]
}

function plain(value: unknown): unknown {
  return isSeq(value) ? value.items : value
}

/** The keys that the schema knows at a place. */
function validKeys(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = configSchema
  for (const step of path) {
    const definition = definitionOf(schema)
    if (definition?.shape !== undefined) schema = definition.shape[String(step)]
    else schema = definition?.valueType ?? definition?.element
  }
  const { shape, options = [] } = definitionOf(schema) ?? {}
  const shapes = [shape, ...options.map((option) => definitionOf(option)?.shape)]
  return [...new Set(shapes.flatMap((each) => Object.keys(each ?? {})))]
}

interface Definition {
  readonly shape?: Readonly<Record<string, unknown>>
  readonly valueType?: unknown
  readonly element?: unknown
  readonly innerType?: unknown
  /** Of a union. */
  readonly options?: readonly unknown[]
}

function definitionOf(schema: unknown): Definition | undefined {
  let current = schema as { readonly def?: Definition } | undefined
  while (current?.def?.innerType !== undefined) current = current.def.innerType as { readonly def?: Definition }
  return current?.def
}

/** Line and column of a key, or of the nearest parent that is written. */
function place(path: readonly PropertyKey[], document: Document, lines: LineCounter): Place {
  for (let length = path.length; length > 0; length -= 1) {
    const key = path[length - 1]
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    let node: Node | undefined
    if (isMap(parent)) {
      const pair = parent.items.find(
        (each) => isNode(each.key) && 'value' in each.key && String(each.key.value) === String(key),
      )
      if (isNode(pair?.key)) node = pair.key
    } else {
      const item: unknown = document.getIn(path.slice(0, length), true)
      if (isNode(item)) node = item
    }
    const offset = node?.range?.[0]
    if (offset !== undefined) {
      const { line, col } = lines.linePos(offset)
      return { line, column: col }
    }
  }
  return { line: 1, column: 1 }
}

/** A key that does not look like a word may be a secret that lost its quotes, its dash or the blank before it (`clients:sk-...`). */
function shown(key: PropertyKey): string {
  const text = String(key)
  return /^[a-z_.-]{1,40}$/i.test(text) ? text : '...'
}

/** `models.gpt-5[1]` */
function dotted(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : String(step)))
    .join('.')
    .replaceAll('.[', '[')
}
