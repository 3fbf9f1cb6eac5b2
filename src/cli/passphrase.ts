import { CliError, EXIT } from './cli-error.ts'
import type { CliContext } from './context.ts'

export interface PassphraseOptions {
  readonly passphraseEnv?: string
  readonly passphraseStdin?: boolean
}

const SHORTEST = 8

/**
 * The passphrase of a backup: from a variable, from standard input, or asked for. Never an argument: those are in the process list.
 * @param twice for a new one, so that a slip of the finger does not lock it for ever
 */
export async function readPassphrase(context: CliContext, options: PassphraseOptions, twice: boolean): Promise<string> {
  const { passphraseEnv: variable, passphraseStdin } = options
  if (variable !== undefined && passphraseStdin === true)
    throw new CliError(EXIT.usage, 'give one of --passphrase-env and --passphrase-stdin')
  const given = await ask(context, options)
  if (given === undefined)
    throw new CliError(
      EXIT.usage,
      'no passphrase was given',
      'name a variable that holds it with --passphrase-env, or pipe it in with --passphrase-stdin',
    )
  if (twice && given.length < SHORTEST)
    throw new CliError(EXIT.usage, `a passphrase has at least ${SHORTEST} characters`, 'several words are best')
  if (twice && variable === undefined && passphraseStdin !== true) {
    const again = await context.terminal.askHidden('The same again: ')
    if (again !== given) throw new CliError(EXIT.usage, 'the two passphrases differ', 'nothing was written')
  }
  return given
}

async function ask(context: CliContext, options: PassphraseOptions): Promise<string | undefined> {
  const { passphraseEnv: variable } = options
  if (variable !== undefined) {
    const value = context.environment.read(variable)
    if (value === undefined) throw new CliError(EXIT.failed, `the environment variable ${variable} is not set`)
    return value
  }
  if (options.passphraseStdin === true) return (await context.terminal.readInput()).replace(/\r?\n$/, '') || undefined
  return (await context.terminal.askHidden('Passphrase of the backup (not shown): ')) || undefined
}
