import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyTarget, SqliteHome } from '../stores/open-sqlite.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, homeFor, printJson, readConfig, requireSqlite, storeProblem } from './context.ts'
import { plural } from './spell.ts'

export interface KeyRotateOptions {
  readonly newKeyEnv?: string
  readonly from?: string
}

/** `sparekey key status`: where the key of the stored secrets lives and whether it is the right one. Shows no part of the key. */
export async function keyStatus(context: CliContext): Promise<void> {
  const { home } = await homeWithKey(context)
  const { lookAtKey } = await import('../stores/look-at-key.ts')
  const look = await lookAtKey(home).catch((error: unknown) => {
    throw storeProblem(error)
  })
  const path = join(home.homeDirectory, 'state.db')
  if (context.json) {
    printJson(context, {
      source: look.kind,
      place: look.place,
      key_id: look.keyId ?? null,
      database_key_id: look.databaseKeyId ?? null,
      fits: look.fits,
      secrets: look.secrets,
      retired_keys: look.retired,
      database: statSync(path, { throwIfNoEntry: false }) === undefined ? null : path,
    })
  } else {
    const { terminal } = context
    terminal.out(`key       ${look.place}`)
    terminal.out(
      `key id    ${look.keyId ?? 'none'}${look.fits && look.keyId !== undefined ? '  (opens state.db)' : ''}`,
    )
    terminal.out(`secrets   ${plural(look.secrets, 'secret')} sealed with ${look.databaseKeyId ?? 'no key yet'}`)
  }
  if (look.fits) return
  throw new CliError(
    EXIT.failed,
    look.keyId === undefined
      ? `${path} has secrets but ${look.place} is missing`
      : `${path} was sealed with key ${look.databaseKeyId ?? 'unknown'}, and this is key ${look.keyId}`,
    'restore the key that belongs to state.db, or set SPAREKEY_KEY; nothing was changed',
  )
}

/** `sparekey key rotate`: a new key, and every stored secret sealed with it. Running gateways go on. */
export async function keyRotate(context: CliContext, options: KeyRotateOptions): Promise<void> {
  const { home, kind } = await homeWithKey(context)
  const { from } = options
  if (from !== undefined && from !== 'file' && from !== 'keychain')
    throw new CliError(EXIT.usage, '--from is file or keychain')
  if (kind === 'given' && options.newKeyEnv === undefined)
    throw new CliError(
      EXIT.usage,
      'the key comes from SPAREKEY_KEY, which cannot be changed from here',
      'put the new key (openssl rand -base64 32) into another variable and name it: --new-key-env NAME; then set SPAREKEY_KEY to it',
    )
  if (kind !== 'given' && options.newKeyEnv !== undefined)
    throw new CliError(EXIT.usage, '--new-key-env goes with a key from SPAREKEY_KEY')
  const { rotateHomeKey } = await import('../stores/open-sqlite.ts')
  const opened: SqliteHome = from === undefined ? home : { ...home, keychain: from === 'keychain' }
  try {
    const target =
      from === undefined
        ? newKey(context, options.newKeyEnv)
        : { kind: home.keychain === true ? ('keychain' as const) : ('file' as const) }
    const { oldKeyId, newKeyId, secrets } = await rotateHomeKey(opened, context.platform, target)
    if (context.json) return printJson(context, { old_key_id: oldKeyId, new_key_id: newKeyId, secrets })
    const { terminal } = context
    terminal.out(
      `${terminal.colors.green('✓')} ${plural(secrets, 'secret')} sealed with a new key (${oldKeyId} -> ${newKeyId})`,
    )
    if (options.newKeyEnv !== undefined)
      terminal.err(`now set SPAREKEY_KEY to the value of ${options.newKeyEnv}, and restart what runs with the old one`)
    terminal.err(
      'note: backups of state.db from before need the old key; copies of it that others may have are not made safe by this: replace those secrets',
    )
  } catch (error) {
    throw storeProblem(error)
  }
}

function newKey(context: CliContext, variable: string | undefined): KeyTarget | undefined {
  if (variable === undefined) return undefined
  const key = context.environment.read(variable)
  if (key === undefined) throw new CliError(EXIT.failed, `the environment variable ${variable} is not set`)
  return { kind: 'given', key, name: variable }
}

async function homeWithKey(
  context: CliContext,
): Promise<{ readonly home: SqliteHome; readonly kind: 'given' | 'file' | 'keychain' }> {
  const config = await readConfig(context)
  requireSqlite(config)
  const key = context.environment.read('SPAREKEY_KEY')
  const keychain = config.key === 'keychain'
  const homeDirectory = homeFor(context).directory
  if (statSync(join(homeDirectory, 'state.db'), { throwIfNoEntry: false }) === undefined)
    throw new CliError(
      EXIT.nothingAvailable,
      'this home has no secrets yet, so it needs no key',
      'add one with "sparekey auth add <provider>"',
    )
  const onNotice = (message: string) => context.terminal.err(message)
  return {
    home: { homeDirectory, keychain, onNotice, ...(key === undefined ? {} : { key }) },
    kind: key === undefined ? config.key : 'given',
  }
}
