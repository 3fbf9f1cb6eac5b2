/**
 * Who may import whom, as data. A row names what a room may import beside itself:
 * `'failure'` is the whole room, `'failure/labels'` is one file, `'*'` is everything.
 * `runtime` covers types too; `types` allows `import type` only.
 */
export interface Row {
  readonly runtime: readonly string[]
  readonly types: readonly string[]
  /** No packages and no `node:` modules: the room works in any runtime and does no I/O. */
  readonly pure?: true
  /** Inside the room only these files (and those of folders with a final `/`) may be imported by the others; files with a leading `_` are not bound. */
  readonly inside?: readonly string[]
}

const surface: Row = {
  runtime: [
    'relay',
    'pool',
    'stores',
    'config',
    'runtime',
    'providers/_registry',
    'providers/provider',
    'telemetry',
    'failure',
    'wire',
    'platform',
  ],
  types: ['recovery'],
}

/** The files directly in `src/` are the room `.`; a folder without a row is refused. */
export const TABLE: Readonly<Record<string, Row>> = {
  failure: { runtime: [], types: [], pure: true },
  wire: { runtime: ['failure/evidence', 'failure/labels', 'failure/sparekey-error'], types: ['failure'], pure: true },
  recovery: { runtime: ['failure'], types: [], pure: true },
  pool: { runtime: ['platform', 'failure/sparekey-error'], types: ['failure', 'recovery'] },
  // Refreshing works on the pool's words for a login and on its store contract.
  oauth: { runtime: ['failure', 'platform'], types: ['pool'] },
  // The journal of calls is a contract of telemetry, as the store is one of the pool.
  stores: {
    runtime: [
      'pool/store-contract',
      'pool/credential',
      'pool/bench',
      'pool/quota',
      'platform',
      'telemetry/call-journal',
    ],
    types: ['telemetry/call-record'],
  },
  providers: {
    runtime: ['failure', 'wire', 'oauth'],
    types: [],
    inside: ['providers/provider', 'providers/openai-compatible', 'providers/quota/'],
  },
  platform: { runtime: [], types: [] },
  telemetry: { runtime: ['platform'], types: ['failure'] },
  relay: {
    runtime: ['failure', 'wire', 'pool', 'recovery', 'oauth', 'platform', 'telemetry', 'providers/provider'],
    types: ['stores'],
  },
  config: {
    runtime: ['failure', 'recovery', 'platform', 'providers/_registry', 'providers/provider'],
    types: ['wire', 'pool'],
  },
  // One assembly of store, pool and relay for every surface, so that gateway, command line and library decide alike.
  runtime: {
    runtime: [
      'relay',
      'pool',
      'oauth',
      'config',
      'recovery',
      'providers/_registry',
      'providers/provider',
      'stores',
      'telemetry',
      'platform',
    ],
    types: ['failure', 'wire'],
  },
  fetch: surface,
  // The AI SDK's models speak through our `fetch`.
  'ai-sdk': { ...surface, runtime: [...surface.runtime, 'fetch'] },
  gateway: surface,
  chat: surface,
  cli: { runtime: ['*'], types: [] },
  simulator: { runtime: ['wire', 'failure', 'platform'], types: [] },
  '.': {
    runtime: [
      'failure',
      'wire',
      'pool',
      'recovery',
      'relay',
      'providers',
      'oauth',
      'stores',
      'platform',
      'telemetry',
      'config',
      'runtime',
      'fetch',
      'ai-sdk',
      'gateway',
      'chat',
    ],
    types: [],
  },
}

/** `_` files that may be imported from outside their folder. */
export const SHARED_UNDERSCORE_FILES: readonly string[] = ['providers/_registry', 'providers/_rules']

/** The room that holds clock, timers, chance, network and environment. */
export const DOOR = 'platform'

export const MAX_LINES = 500

/** Longer files, each with its reason. Generated `_registry.ts` files are exempt. */
export const LONG_FILES: Readonly<Record<string, string>> = {}
