import { type Config, describeProblem } from '../config/config.ts'
import { editConfig } from '../config/edit.ts'
import { ConfigEditError } from '../config/edit-error.ts'
import { type Home, homeOf } from '../config/home.ts'
import { type ConfigFlags, loadConfig } from '../config/load.ts'
import type { Environment } from '../platform/environment.ts'
import type { Platform } from '../platform/platform.ts'
import type { Credential } from '../pool/credential.ts'
import type { Described } from '../pool/pool.ts'
import { type Store, StoreError } from '../pool/store-contract.ts'
import { PROVIDERS, providerNamed } from '../providers/_registry.ts'
import { nearest } from '../config/nearest.ts'
import { namesProblems, Runtime } from '../runtime/runtime.ts'
import { openStore } from '../stores/open-store.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { Terminal } from './terminal.ts'

/** What every command works with. */
export interface CliContext {
  readonly terminal: Terminal
  readonly environment: Environment
  readonly platform: Platform
  /** Print one JSON document instead of text for people. */
  readonly json: boolean
}

export function homeFor(context: CliContext): Home {
  return homeOf(context.environment)
}

/** @throws CliError with every problem of the file, its place and the nearest valid word */
export async function readConfig(context: CliContext, flags: ConfigFlags = {}): Promise<Config> {
  const { config: path } = homeFor(context)
  const loaded = await loadConfig(path, context.environment, flags)
  const problems = 'problems' in loaded ? loaded.problems : namesProblems(loaded.config, 'config.yaml')
  if (problems.length > 0 || 'problems' in loaded) {
    throw new CliError(
      EXIT.failed,
      `the configuration has ${problems.length === 1 ? 'a problem' : 'problems'}:\n${problems.map((each) => `  ${describeProblem(each)}`).join('\n')}`,
      `edit ${path}; nothing was changed`,
    )
  }
  return loaded.config
}

/** Opens the home's store. @throws CliError that says what to do */
export async function openHomeStore(context: CliContext, config: Config): Promise<Store> {
  requireSqlite(config)
  const key = context.environment.read('SPAREKEY_KEY')
  try {
    return await openStore(
      {
        kind: 'sqlite',
        homeDirectory: homeFor(context).directory,
        keychain: config.key === 'keychain',
        ...(key === undefined ? {} : { key }),
        onNotice: (message) => context.terminal.err(message),
      },
      context.platform,
    )
  } catch (error) {
    throw storeProblem(error)
  }
}

/** @throws CliError when this configuration has no database */
export function requireSqlite(config: Config): void {
  if (config.store === 'memory') {
    throw new CliError(
      EXIT.failed,
      'this configuration keeps nothing (store: memory), so there is nothing to show or change',
      'set "store: sqlite" in config.yaml',
    )
  }
  if (config.store !== 'sqlite')
    throw new CliError(EXIT.failed, 'a Postgres store is not supported yet', 'set "store: sqlite" in config.yaml')
}

const STORE_ADVICE: Partial<Record<StoreError['code'], string>> = {
  wrong_key: 'restore the file "key" that belongs to state.db, or set SPAREKEY_KEY',
  keychain: '"sparekey key status" says where the key is looked for',
  damaged: 'state.db was not touched: restore it from a backup, or move it away and add your credentials again',
  locked: 'another program holds the store: try again in a moment',
  full: 'free some disk space and try again; nothing was lost',
  read_only: 'make the home directory writable',
  newer_schema: 'a newer sparekey wrote this store: update this one',
  duplicate_label: 'choose another name with --label',
  duplicate_credential: 'nothing to do: it is in the pool already',
}

export function storeProblem(error: unknown): unknown {
  return error instanceof StoreError ? new CliError(EXIT.failed, error.message, STORE_ADVICE[error.code]) : error
}

/** Changes `config.yaml`. @throws CliError that says why it was left as it is */
export async function changeConfig(context: CliContext, change: Parameters<typeof editConfig>[2]): Promise<void> {
  try {
    await editConfig(homeFor(context).config, context.platform, change)
  } catch (error) {
    throw error instanceof ConfigEditError ? new CliError(EXIT.failed, error.message) : error
  }
}

/** Runs with an opened runtime and closes it, whatever happens. */
export async function withRuntime<T>(context: CliContext, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const config = await readConfig(context)
  const store = await openHomeStore(context, config)
  const runtime = new Runtime({
    config,
    store,
    platform: context.platform,
    environment: context.environment,
    isGuest: true,
    onTrouble: (message) => context.terminal.err(message),
  })
  try {
    return await work(runtime)
  } catch (error) {
    throw storeProblem(error)
  } finally {
    await runtime.close()
  }
}

/** @throws CliError usage, with the nearest known name */
export function requireProvider(config: Config, name: string): string {
  const known = [...new Set([...Object.keys(PROVIDERS), ...Object.keys(config.providers)])]
  if (known.includes(name)) return name
  const alias = providerNamed(name)
  if (alias !== undefined) return alias.id
  const guess = nearest(name, known)
  throw new CliError(
    EXIT.usage,
    `"${name}" is not a provider${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
    `known are ${known.join(', ')}; names of your own go under "providers" in config.yaml`,
  )
}

/** Finds a credential by position (from 1), id or label. @throws CliError when there is none, or more than one */
export function findCredential(described: readonly Described[], provider: string, target: string): Credential {
  const credentials = described.map(({ credential }) => credential)
  const position = /^#?\d+$/.test(target) ? credentials[Number(target.replace('#', '')) - 1] : undefined
  const found = credentials.find(({ id, label }) => id === target || label === target) ?? position
  if (found !== undefined) return found
  const labels = credentials.map(({ label }) => label)
  const guess = nearest(target, labels)
  throw new CliError(
    EXIT.failed,
    `${provider} has no credential "${target}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
    labels.length === 0 ? `add one with "sparekey auth add ${provider}"` : `see "sparekey auth list ${provider}"`,
  )
}

export function printJson(context: CliContext, value: unknown): void {
  context.terminal.out(JSON.stringify(value, null, 2))
}
