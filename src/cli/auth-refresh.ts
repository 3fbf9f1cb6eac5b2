import type { Renewal } from '../oauth/refresh-outcome.ts'
import { toIsoText } from '../platform/clock.ts'
import type { Credential } from '../pool/credential.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson, requireProvider, withRuntime } from './context.ts'
import { interruptible } from './interruptible.ts'
import { loginsOf } from './logins-of.ts'
import { spellDuration } from './spell.ts'
import { printable } from './table.ts'

interface Refreshed {
  readonly credential: Credential
  readonly renewal: Renewal
}

const LONGEST_MS = 60_000

/** `sparekey auth refresh`: renews logins now, whether they are about to end or not. */
export async function authRefresh(context: CliContext, name: string, target: string | undefined): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const provider = requireProvider(runtime.config, name)
    const described = await runtime.pool.describe(provider)
    const logins = loginsOf(described, provider, target)
    const done = await interruptible(undefined, async (signal) => {
      const each: Refreshed[] = []
      for (const credential of logins) {
        const { generation } = credential
        const renewal = await runtime.refresher.renew(credential, generation, { ms: LONGEST_MS, signal, force: true })
        each.push({ credential, renewal })
      }
      return each
    })
    if (context.json) printJson(context, { refreshed: done.map(shown) })
    else for (const each of done) tell(context, runtime, provider, each)
    const failed = done.find(({ renewal }) => renewal.kind !== 'renewed')
    if (failed !== undefined)
      throw new CliError(
        failed.renewal.kind === 'dead' ? EXIT.notAuthorised : EXIT.failed,
        `"${printable(failed.credential.label)}" was not refreshed: ${whyNot(failed.renewal)}`,
        failed.renewal.kind === 'impossible'
          ? `a login of its own can be refreshed: sparekey auth login ${provider}`
          : undefined,
      )
  })
}

function shown({ credential, renewal }: Refreshed) {
  const isRenewed = renewal.kind === 'renewed'
  const expiresAtMs = isRenewed ? renewal.secret.expiresAtMs : undefined
  return {
    id: credential.id,
    label: credential.label,
    outcome: renewal.kind,
    stored: isRenewed && renewal.saved,
    expires_at: expiresAtMs === undefined ? null : toIsoText(expiresAtMs),
    why: isRenewed ? null : whyNot(renewal),
  }
}

function tell(context: CliContext, runtime: Runtime, provider: string, { credential, renewal }: Refreshed): void {
  if (renewal.kind !== 'renewed') return
  const { terminal, platform } = context
  const { expiresAtMs } = renewal.secret
  const life = expiresAtMs === undefined ? '' : `, token for ${spellDuration(expiresAtMs - platform.clock.now())}`
  terminal.out(
    `${terminal.colors.green('✓')} ${runtime.redactor.text(provider)}: refreshed "${printable(credential.label)}"${life}`,
  )
}

function whyNot(renewal: Renewal): string {
  switch (renewal.kind) {
    case 'dead':
    case 'later':
      return renewal.failure.message
    case 'waiting':
      return 'another process is refreshing it and has not finished'
    case 'impossible':
      return 'it has no refresh token, or nobody knows its token endpoint'
    default:
      return ''
  }
}
