import { z } from 'zod'
import type { Bench } from '../pool/bench.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import { isAffordable, openWithPassphrase, sealWithPassphrase } from '../stores/passphrase-box.ts'
import { CliError, EXIT } from './cli-error.ts'

const FORMAT = 'sparekey-backup'
const VERSION = 1
const PLACE = `${FORMAT} ${VERSION}`

/** What a backup holds once it is open. */
export interface Backup {
  readonly credentials: ReadonlyArray<{ readonly credential: Credential; readonly secret?: Secret | undefined }>
  /** Only with `--all`. */
  readonly benches: readonly Bench[]
}

const envelope = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  kdf: z.object({ name: z.literal('scrypt'), n: z.int(), r: z.int(), p: z.int(), salt: z.base64() }),
  cipher: z.object({ name: z.literal('aes-256-gcm'), nonce: z.base64(), tag: z.base64() }),
  ciphertext: z.base64(),
})

/** The text of a backup file: versioned JSON, everything about the credentials sealed under the passphrase. */
export async function writeBackup(backup: Backup, passphrase: string): Promise<string> {
  const sealed = await sealWithPassphrase(JSON.stringify(backup), passphrase, PLACE)
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...sealed }, null, 2)}\n`
}

/** @throws CliError that says which: no backup, a newer version, damaged, or the wrong passphrase */
export async function readBackup(text: string, path: string, passphrase: string): Promise<Backup> {
  const refuse = (message: string, next: string) =>
    new CliError(EXIT.failed, `${path} ${message}`, `${next}; nothing was changed`)
  const damaged = refuse('is damaged: it is not the whole of a backup', 'use another copy of it')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw text.includes(FORMAT)
      ? damaged
      : refuse('is no sparekey backup', 'give a file that "sparekey auth export" wrote')
  }
  const head = z.object({ format: z.literal(FORMAT), version: z.int() }).safeParse(value)
  if (!head.success) throw refuse('is no sparekey backup', 'give a file that "sparekey auth export" wrote')
  if (head.data.version > VERSION)
    throw refuse(
      `was written by a newer sparekey (backup version ${head.data.version}, this one reads ${VERSION})`,
      'update sparekey',
    )
  const found = envelope.safeParse(value)
  if (!found.success) throw damaged
  if (!isAffordable(found.data.kdf))
    throw refuse('asks for more work than any backup of ours', 'use another copy of it')
  const opened = await openWithPassphrase(found.data, passphrase, PLACE)
  if (opened === undefined)
    throw new CliError(
      EXIT.notAuthorised,
      `${path} does not open: the passphrase is wrong, or the file was altered`,
      'try the passphrase again; nothing was changed',
    )
  // Authenticated: whoever knew the passphrase wrote this.
  return JSON.parse(opened) as Backup
}
