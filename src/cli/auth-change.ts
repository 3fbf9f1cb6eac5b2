import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, findCredential, printJson, requireProvider, withRuntime } from './context.ts'
import { plural } from './spell.ts'
import { printable } from './table.ts'

/** `sparekey auth remove`: takes a credential and its secret out of the store. */
export async function authRemove(context: CliContext, name: string, target: string): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const provider = requireProvider(runtime.config, name)
    const credential = findCredential(await runtime.pool.describe(provider), provider, target)
    await runtime.store.removeCredential(credential.id)
    if (context.json) printJson(context, { removed: credential.id, label: credential.label })
    else context.terminal.out(`${provider}: removed "${printable(credential.label)}"`)
  })
}

/** `sparekey auth reset`: lifts the benches of one credential, or of all. Older verdicts still in flight count no more. */
export async function authReset(context: CliContext, name: string, target: string | undefined): Promise<void> {
  await withRuntime(context, async (runtime) => {
    const provider = requireProvider(runtime.config, name)
    const described = await runtime.pool.describe(provider)
    if (described.length === 0)
      throw new CliError(
        EXIT.nothingAvailable,
        `${provider} has no credentials`,
        `add one with "sparekey auth add ${provider}"`,
      )
    const chosen =
      target === undefined
        ? described.map(({ credential }) => credential)
        : [findCredential(described, provider, target)]
    for (const { id } of chosen) await runtime.store.resetCredential(id, context.platform.clock.now())
    if (context.json) printJson(context, { reset: chosen.map(({ id }) => id) })
    else
      context.terminal.out(
        `${provider}: reset ${target === undefined ? plural(chosen.length, 'credential') : `"${printable(chosen[0]?.label ?? target)}"`}`,
      )
  })
}

/** `sparekey auth priority`: lower is tried first. */
export async function authPriority(context: CliContext, name: string, target: string, value: string): Promise<void> {
  if (!/^-?\d{1,6}$/.test(value))
    throw new CliError(EXIT.usage, `a priority is a whole number, not "${printable(value)}"`)
  await withRuntime(context, async (runtime) => {
    const provider = requireProvider(runtime.config, name)
    const credential = findCredential(await runtime.pool.describe(provider), provider, target)
    await runtime.store.setPriority(credential.id, Number(value))
    if (context.json) printJson(context, { id: credential.id, priority: Number(value) })
    else
      context.terminal.out(
        `${provider}: "${printable(credential.label)}" has priority ${Number(value)} now (lower is tried first)`,
      )
  })
}
