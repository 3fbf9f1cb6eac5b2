import { resolve } from 'node:path'
import { replaceFile } from '../config/replace-file.ts'
import { CliError, EXIT } from './cli-error.ts'
import { writeBackup } from './backup-file.ts'
import { type CliContext, printJson, withRuntime } from './context.ts'
import { type PassphraseOptions, readPassphrase } from './passphrase.ts'
import { plural } from './spell.ts'
import { printable } from './table.ts'

export interface AuthExportOptions extends PassphraseOptions {
  readonly all?: boolean
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  EACCES: 'that folder takes no files from you',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
}

/** `sparekey auth export`: an encrypted backup of all credentials, mode 0600, written whole or not at all. */
export async function authExport(context: CliContext, file: string, options: AuthExportOptions): Promise<void> {
  const path = resolve(file)
  await withRuntime(context, async ({ store }) => {
    const { credentials, benches } = await store.snapshot()
    if (credentials.length === 0)
      throw new CliError(
        EXIT.nothingAvailable,
        'there are no credentials to export',
        'add one with "sparekey auth add <provider>"',
      )
    const passphrase = await readPassphrase(context, options, true)
    const held = []
    // Every secret is opened before anything is written: a backup that lacks one would be found out too late.
    for (const credential of credentials) held.push({ credential, secret: await store.readSecret(credential.id) })
    const text = await writeBackup({ credentials: held, benches: options.all === true ? benches : [] }, passphrase)
    try {
      await replaceFile(path, `${path}.${context.platform.random.id('draft')}`, text, 0o600)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      throw new CliError(
        EXIT.failed,
        `${printable(path)} could not be written (${WHY[code] ?? code})`,
        'nothing was changed; give the path of a file in a folder of yours',
      )
    }
    const references = held.filter(({ credential }) => credential.source.kind !== 'stored').length
    const logins = held.filter(({ secret }) => secret?.refreshToken !== undefined).length
    if (context.json)
      return printJson(context, {
        file: path,
        credentials: held.length,
        references,
        logins,
        benches: options.all === true ? benches.length : 0,
      })
    const { terminal } = context
    terminal.out(`${terminal.colors.green('✓')} ${plural(held.length, 'credential')} in ${printable(path)}`)
    if (references > 0)
      terminal.err(
        `note: ${plural(references, 'credential')} named by reference: the backup holds where the key is, not the key`,
      )
    if (logins > 0)
      terminal.err('note: refresh tokens work once: the logins in this backup are good until their next refresh here')
  })
}
