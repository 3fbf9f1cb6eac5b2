import { resolve } from 'node:path'
import { runSecretCommand } from '../platform/run-secret-command.ts'
import { readSecretFile } from '../platform/secret-file.ts'
import type { SecretSource } from '../pool/credential.ts'
import { readKeyText } from '../pool/key-text.ts'
import { CliError, EXIT } from './cli-error.ts'
import { commandWords } from './command-words.ts'
import type { CliContext } from './context.ts'
import { printable } from './table.ts'

/** Where `auth add` may take a key from: one of these. */
export interface SecretOptions {
  readonly apiKey?: string
  readonly apiKeyEnv?: string
  readonly apiKeyFile?: string
  readonly apiKeyCommand?: string
  readonly apiKeyStdin?: boolean
  /** Seconds for which the answer of `apiKeyCommand` is kept in memory. */
  readonly cacheSeconds?: string
  /** Typed into a hidden prompt: not on any command line. */
  readonly typedKey?: string
}

export interface GivenSecret {
  readonly token: string
  readonly source: SecretSource
}

const DEFAULT_CACHE_SECONDS = 300
const SOURCES = {
  apiKey: '--api-key',
  apiKeyEnv: '--api-key-env',
  apiKeyFile: '--api-key-file',
  apiKeyCommand: '--api-key-command',
  apiKeyStdin: '--api-key-stdin',
} as const satisfies Partial<Record<keyof SecretOptions, string>>

/** Whether a key, or where it lies, was named at all. */
export function namesSecret(options: SecretOptions): boolean {
  return options.typedKey !== undefined || named(options).length > 0
}

/** @throws CliError usage when more than one source is named, or one that cannot be */
export function checkSecretOptions(options: SecretOptions): void {
  if (named(options).length > 1) throw new CliError(EXIT.usage, `give one of ${Object.values(SOURCES).join(', ')}`)
  if (options.cacheSeconds === undefined) return
  if (options.apiKeyCommand === undefined) throw new CliError(EXIT.usage, '--cache-seconds goes with --api-key-command')
  if (!/^\d{1,6}$/.test(options.cacheSeconds))
    throw new CliError(EXIT.usage, `--cache-seconds is a whole number, not "${printable(options.cacheSeconds)}"`)
}

/** Reads the key once, so that a mistake is told now and not at the first call. @throws CliError that never quotes the key */
export async function readGivenSecret(
  context: CliContext,
  provider: string,
  options: SecretOptions,
): Promise<GivenSecret> {
  if (options.apiKeyEnv !== undefined) return fromVariable(context, options.apiKeyEnv)
  if (options.apiKeyFile !== undefined) return fromFile(context, options.apiKeyFile)
  if (options.apiKeyCommand !== undefined) return fromCommand(options.apiKeyCommand, options.cacheSeconds)
  const text =
    options.apiKey ??
    options.typedKey ??
    (options.apiKeyStdin === true
      ? await context.terminal.readInput()
      : await context.terminal.askHidden(`Key or access token for ${provider} (not shown): `))
  if (text === undefined) {
    throw new CliError(
      EXIT.usage,
      'no key was given',
      `pipe it in: printf %s "$KEY" | sparekey auth add ${provider} --api-key-stdin`,
    )
  }
  return { token: checked(text), source: { kind: 'stored' } }
}

function fromVariable(context: CliContext, variable: string): GivenSecret {
  if (!/^[A-Za-z_]\w*$/.test(variable))
    throw new CliError(
      EXIT.usage,
      `"${printable(variable.slice(0, 12))}..." is not the name of an environment variable`,
      'give the name, not the key',
    )
  const token = context.environment.read(variable)
  if (token === undefined) throw new CliError(EXIT.failed, `the environment variable ${variable} is not set`)
  return { token: checked(token), source: { kind: 'env', variable } }
}

async function fromFile(context: CliContext, given: string): Promise<GivenSecret> {
  // The gateway runs in another folder.
  const path = resolve(given)
  const look = await readSecretFile(path)
  if (look.kind !== 'read') {
    const why = look.kind === 'unreadable' ? look.why : 'it is empty'
    throw new CliError(EXIT.failed, `${printable(path)} cannot be read: ${why}`)
  }
  const key = readKeyText(look.text)
  if ('problem' in key)
    throw new CliError(EXIT.failed, `${printable(path)} ${key.problem}`, 'the file must hold the key and nothing else')
  if (look.openToOthers !== undefined)
    context.terminal.err(
      `warning: ${printable(path)} can be read by others (mode ${look.openToOthers}): chmod 600 it, and replace the key if others use this machine`,
    )
  return { token: key.token, source: { kind: 'file', path } }
}

async function fromCommand(text: string, cacheSeconds: string | undefined): Promise<GivenSecret> {
  const argv = commandWords(text)
  if (argv === undefined)
    throw new CliError(
      EXIT.usage,
      '--api-key-command is no command: a quote is not closed, or nothing is there',
      `such as --api-key-command "pass show openai"; for a pipe: "sh -c 'pass show openai | head -n 1'"`,
    )
  const outcome = await runSecretCommand(argv)
  const program = printable(argv[0] ?? '')
  if (outcome.kind === 'failed')
    throw new CliError(
      EXIT.failed,
      `the command "${program}" failed: ${outcome.why}`,
      'run it yourself to see what it says; its messages are not shown here, because they may hold secrets',
    )
  const key = readKeyText(outcome.text)
  if ('problem' in key)
    throw new CliError(EXIT.failed, `the command "${program}" ${key.problem}`, 'it must print the key and nothing else')
  const cacheMs = Number(cacheSeconds ?? DEFAULT_CACHE_SECONDS) * 1000
  return { token: key.token, source: { kind: 'command', argv, cacheMs } }
}

function named(options: SecretOptions): readonly string[] {
  return Object.keys(SOURCES).filter((name) => {
    const value = options[name as keyof typeof SOURCES]
    return value !== undefined && value !== false
  })
}

function checked(text: string): string {
  const key = readKeyText(text)
  if ('token' in key) return key.token
  if (text.trim() === '') throw new CliError(EXIT.usage, 'the key is empty')
  throw new CliError(EXIT.usage, 'the key contains spaces, line breaks or characters that no key has', 'copy it again')
}
