import { resolve } from 'node:path'
import { isSameAccount } from '../oauth/account-identity.ts'
import type { Credential } from '../pool/credential.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Backup, readBackup } from './backup-file.ts'
import { readBorrowed } from './borrowed-file.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, withRuntime } from './context.ts'
import { freeLabel } from './free-label.ts'
import { type PassphraseOptions, readPassphrase } from './passphrase.ts'
import { plural } from './spell.ts'
import { layOut, printable, wrap } from './table.ts'

export interface ImportBackupOptions extends PassphraseOptions {
  readonly dryRun?: boolean
}

type Outcome = 'added' | 'already there' | 'would be added'

/** `sparekey auth import backup`: adds what a backup holds and this home does not. What is here already is left as it is. */
export async function importBackup(
  context: CliContext,
  file: string | undefined,
  options: ImportBackupOptions,
): Promise<void> {
  if (file === undefined)
    throw new CliError(
      EXIT.usage,
      'which backup? name the file',
      'such as: sparekey auth import backup sparekey.backup',
    )
  const path = resolve(file)
  const text = await readBorrowed(path, 'give a file that "sparekey auth export" wrote; nothing was changed')
  const passphrase = await readPassphrase(context, options, false)
  const backup = await readBackup(text, printable(path), passphrase)
  await withRuntime(context, async (runtime) => {
    const results: { provider: string; label: string; outcome: Outcome }[] = []
    for (const each of backup.credentials) {
      const { provider } = each.credential
      results.push({ provider, ...(await keep(context, runtime, each, backup, options.dryRun === true)) })
    }
    const added = results.filter(({ outcome }) => outcome !== 'already there').length
    const hasLogins = added > 0 && backup.credentials.some(({ secret }) => secret?.refreshToken !== undefined)
    if (context.json)
      return printJson(context, { source: 'backup', dry_run: options.dryRun === true, credentials: results })
    const { terminal } = context
    const rows = results.map(({ provider, label, outcome }) => [provider, label, outcome])
    for (const line of layOut(rows, terminal.columns, 0)) terminal.out(line)
    terminal.out(`${plural(added, 'credential')} added${options.dryRun === true ? ' (dry run)' : ''}`)
    if (hasLogins)
      // Two copies of one single-use refresh token log each other out (100339, 100389).
      terminal.err(
        wrap(
          'note: logins of a backup share their refresh tokens with the home that it came from. Use them in one of the two only; "sparekey auth login" makes a login of its own.',
          terminal.columns,
        ),
      )
  })
}

async function keep(
  context: CliContext,
  runtime: Runtime,
  { credential, secret }: Backup['credentials'][number],
  { benches }: Backup,
  dryRun: boolean,
): Promise<{ readonly label: string; readonly outcome: Outcome }> {
  const { credentials } = await runtime.store.snapshot()
  const siblings = credentials.filter(({ provider }) => provider === credential.provider)
  const twin = siblings.find((each) => isTwin(each, credential))
  if (twin !== undefined) return { label: twin.label, outcome: 'already there' }
  const label = freeLabel(
    credential.label,
    siblings.map((each) => each.label),
  )
  if (dryRun) return { label, outcome: 'would be added' }
  const { generation, resetStampMs: _stamp, createdAtMs: _created, id, ...rest } = credential
  const isFree = credentials.every((each) => each.id !== id)
  const kept = await runtime.store.addCredential(
    {
      ...rest,
      label,
      id: isFree ? id : context.platform.random.id('cred'),
      ...(secret === undefined ? {} : { secret }),
    },
    context.platform.clock.now(),
  )
  for (const bench of benches) {
    if (bench.credentialId !== id || bench.tokenGeneration !== generation) continue
    const here = { ...bench, credentialId: kept.id, tokenGeneration: kept.generation }
    await runtime.store.changeBench(kept.id, bench.scope, (_credential, standing) =>
      standing === undefined ? here : undefined,
    )
  }
  return { label, outcome: 'added' }
}

function isTwin(here: Credential, there: Credential): boolean {
  return here.fingerprint === there.fingerprint || isSameAccount(here.accountId, there.accountId)
}
