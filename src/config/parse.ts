import { type Document, isMap, isNode, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { ConfigProblem } from './config.ts'
import { nearest } from './nearest.ts'
import { type ConfigFile, configSchema } from './schema.ts'

/** More are consequences of the first ones. */
const MOST_PROBLEMS = 20
/** Nobody writes a configuration of a megabyte. */
const LARGEST_FILE_CHARACTERS = 1_048_576

export type ParsedFile = { readonly file: ConfigFile } | { readonly problems: readonly ConfigProblem[] }

/** Reads the text of a `config.yaml`. Every problem is found in one go, with its place. */
export function parseConfig(text: string, where: string): ParsedFile {
  if (text.length > LARGEST_FILE_CHARACTERS)
    return { problems: [{ where, key: '', message: 'the file is larger than 1 MiB' }] }
  const lines = new LineCounter()
  // A byte order mark is invisible in editors and would become part of the first key.
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: lines, uniqueKeys: true, strict: true })
  if (document.errors.length > 0) {
    return {
      problems: document.errors.slice(0, MOST_PROBLEMS).map((error) => {
        const place = lines.linePos(error.pos[0])
        return { where, line: place.line, column: place.col, key: '', message: firstLine(error.message) }
      }),
    }
  }
  let value: unknown
  try {
    // Aliases multiply: ten lines can hold gigabytes.
    value = document.toJS({ maxAliasCount: 50 }) ?? {}
  } catch (error) {
    return {
      problems: [
        {
          where,
          line: 1,
          column: 1,
          key: '',
          message: firstLine(error instanceof Error ? error.message : 'unreadable'),
        },
      ],
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return {
      problems: [
        {
          where,
          line: 1,
          column: 1,
          key: '',
          message: 'the file must hold keys and values, such as "listen: 127.0.0.1:8787"',
        },
      ],
    }
  }
  const checked = configSchema.safeParse(value)
  if (checked.success) return { file: checked.data }
  const problems = checked.error.issues.flatMap((issue) => problemsOf(issue, where, document, lines))
  return { problems: problems.slice(0, MOST_PROBLEMS) }
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
        key: dotted([...issue.path, key]),
        message: guess === undefined ? `unknown key; valid are ${valid.join(', ')}` : 'unknown key',
        ...(guess === undefined ? {} : { nearest: guess }),
      }
    })
  }
  // The best member of a union: the one that got furthest.
  if (issue.code === 'invalid_union' && issue.path[0] === 'clients') {
    return [
      {
        where,
        ...place(issue.path, document, lines),
        key: dotted(issue.path),
        message: 'a client is a key of at least 8 characters, or { name, key }, or { name, sha256 }',
      },
    ]
  }
  const guess =
    issue.code === 'invalid_value'
      ? nearest(String(valueAt(document, issue.path)), issue.values.map(String))
      : undefined
  return [
    {
      where,
      ...place(issue.path, document, lines),
      key: dotted(issue.path),
      message: readable(issue),
      ...(guess === undefined ? {} : { nearest: guess }),
    },
  ]
}

function readable(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type')
    return `must be ${issue.expected === 'record' ? 'keys and values' : `of type ${issue.expected}`}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  return issue.message.replace(/^Invalid string: must match pattern .*$/, 'has the wrong form')
}

/** The keys that the schema knows at a place. */
function validKeys(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = configSchema
  for (const step of path) {
    const definition = definitionOf(schema)
    if (definition?.shape !== undefined) schema = definition.shape[String(step)]
    else schema = definition?.valueType ?? definition?.element
  }
  return Object.keys(definitionOf(schema)?.shape ?? {})
}

interface Definition {
  readonly shape?: Readonly<Record<string, unknown>>
  readonly valueType?: unknown
  readonly element?: unknown
  readonly innerType?: unknown
}

function definitionOf(schema: unknown): Definition | undefined {
  let current = schema as { readonly def?: Definition } | undefined
  while (current?.def?.innerType !== undefined) current = current.def.innerType as { readonly def?: Definition }
  return current?.def
}

/** Line and column of a key, or of the nearest parent that is written. */
function place(path: readonly PropertyKey[], document: Document, lines: LineCounter): { line: number; column: number } {
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

function valueAt(document: Document, path: readonly PropertyKey[]): unknown {
  return document.getIn(path)
}

function dotted(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : String(step)))
    .join('.')
    .replaceAll('.[', '[')
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).replace(/ at line \d+, column \d+:?$/, '')
}
