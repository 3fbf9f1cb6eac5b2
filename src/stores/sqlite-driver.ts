/** What SQLite can store and give back here. */
export type SqlValue = string | number | bigint | null | Uint8Array
export type SqlRow = Readonly<Record<string, SqlValue>>

export interface SqlStatement {
  run(...values: SqlValue[]): { readonly changes: number | bigint }
  get(...values: SqlValue[]): SqlRow | undefined
  all(...values: SqlValue[]): SqlRow[]
}

/** The part of `DatabaseSync` that both drivers have. Synchronous: keep transactions tiny. */
export interface SqlDatabase {
  exec(sql: string): void
  prepare(sql: string): SqlStatement
  close(): void
}

interface Driver {
  readonly DatabaseSync: new (path: string) => SqlDatabase
}

/** Names kept in variables: bundlers and type checkers must not resolve a module that this Node may not have. */
const BUILT_IN = 'node:sqlite'
const FALLBACK = '@photostructure/sqlite'

let loaded: Promise<Driver> | undefined

/**
 * Loads SQLite on first use: `node:sqlite`, or on Node 20 the package with the same interface.
 * @throws Error when neither is there (optional dependencies left out)
 */
export function loadSqlite(): Promise<Driver> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Driver> {
  try {
    return await withoutSqliteWarning(() => import(/* @vite-ignore */ BUILT_IN) as Promise<Driver>)
  } catch {
    // Node 20 has no SQLite of its own.
  }
  try {
    return (await import(/* @vite-ignore */ FALLBACK)) as Driver
  } catch (cause) {
    throw new Error(
      `SQLite is missing: use Node 22.13 or later, or install ${FALLBACK}; or configure "store: memory"`,
      {
        cause,
      },
    )
  }
}

/** Node 22 announces its SQLite as experimental on every start: on stderr of every CLI command. Only that one line is dropped. */
async function withoutSqliteWarning<T>(work: () => Promise<T>): Promise<T> {
  const original = process.emitWarning
  const filtered = (...given: Parameters<typeof process.emitWarning>) => {
    if (!/SQLite is an experimental feature/.test(String(given[0]))) Reflect.apply(original, process, given)
  }
  process.emitWarning = filtered as typeof process.emitWarning
  try {
    return await work()
  } finally {
    process.emitWarning = original
  }
}
