import { type Argument, Command, CommanderError } from 'commander'
import { nearest } from '../config/nearest.ts'
import { CliError, EXIT } from './cli-error.ts'
import { COMMANDS, type CommandRow } from './commands.ts'
import type { CliContext } from './context.ts'
import { showsUnicode } from './shows-unicode.ts'
import { withPlainSigns } from './signs.ts'
import { printable } from './table.ts'
import { VERSION } from './version.ts'

/** Runs one command line. @returns the exit code; nothing is thrown */
export async function runCli(words: readonly string[], base: Omit<CliContext, 'json'>): Promise<number> {
  const { terminal } = base
  const program = buildProgram(base)
  try {
    await program.parseAsync([...words], { from: 'user' })
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are answers, not errors.
      return error.exitCode === 0 || error.code === 'commander.help' || error.code === 'commander.helpDisplayed'
        ? EXIT.done
        : EXIT.usage
    }
    if (error instanceof CliError) {
      terminal.err(`${terminal.colors.red('error:')} ${error.message}`)
      if (error.next !== undefined) terminal.err(`  ${error.next}`)
      return error.exit
    }
    // What nobody foresaw: a stack would help nobody but us, and may hold a secret.
    terminal.err(
      `${terminal.colors.red('error:')} ${printable(error instanceof Error ? `${error.name}: ${error.message}` : 'unexpected error')}`,
    )
    return EXIT.failed
  }
}

/** The whole command line as commander sees it; also read by the documentation generator. */
export function buildProgram(base: Omit<CliContext, 'json'>): Command {
  const program = new Command('sparekey')
  program
    .description('Keeps LLM agents and apps running when an account, a key or a provider fails.')
    .version(VERSION)
    .configureOutput({
      writeOut: (text) => base.terminal.out(text.trimEnd()),
      writeErr: (text) => base.terminal.err(text.trimEnd()),
      getOutHelpWidth: () => base.terminal.columns,
      getErrHelpWidth: () => base.terminal.columns,
    })
    // Long lists of commands would run over the edge of a terminal of 80 columns: the first column is kept narrow, the second wraps.
    .configureHelp({
      minWidthToWrap: 20,
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map((each) => nameOfArgument(each))].join(' '),
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(see --help)')
    .exitOverride()
  const groups = new Map<string, Command>()
  for (const row of COMMANDS) {
    const [name] = row.path
    if (row.path.length === 2) addCommand(groupOf(program, groups, name), row, base)
    else if (GROUPS[name] === undefined) addCommand(program, row, base)
    else actAlone(groupOf(program, groups, name), row, base)
  }
  return program
}

function nameOfArgument(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

const GROUPS: Readonly<Record<string, string>> = {
  auth: 'accounts and keys: login, add, list, status, remove, reset, priority, import, export, logout; alone: a wizard',
  key: 'the key that seals the stored secrets: status, rotate',
}

function groupOf(program: Command, groups: Map<string, Command>, name: string): Command {
  const existing = groups.get(name)
  if (existing !== undefined) return existing
  const group = program
    .command(name)
    .description(GROUPS[name] ?? name)
    .exitOverride()
  groups.set(name, group)
  return group
}

/** A group that does something when it is called without a command. */
function actAlone(group: Command, row: CommandRow, base: Omit<CliContext, 'json'>): void {
  group.allowExcessArguments().action(async () => {
    const [unknown] = group.args
    if (unknown !== undefined) {
      const guess = nearest(
        unknown,
        group.commands.map((command) => command.name()),
      )
      throw new CliError(
        EXIT.usage,
        `"${printable(`${group.name()} ${unknown}`)}" is not a command${guess === undefined ? '' : `; did you mean "${group.name()} ${guess}"?`}`,
        `see "sparekey ${group.name()} --help"`,
      )
    }
    if (row.needsTerminal === true && !base.terminal.interactive) {
      base.terminal.err(group.helpInformation().trimEnd())
      throw new CliError(
        EXIT.usage,
        'this asks questions and needs a terminal',
        'scripts use one of the commands above',
      )
    }
    await row.run({ ...base, json: false }, [], {})
  })
}

function addCommand(parent: Command, row: CommandRow, base: Omit<CliContext, 'json'>): void {
  const name = row.path.at(-1) ?? ''
  const command = parent
    .command(`${name}${row.arguments === undefined ? '' : ` ${row.arguments}`}`)
    .description(row.summary)
    .exitOverride()
  for (const [flags, meaning] of row.options ?? []) command.option(flags, meaning)
  if (row.json !== false) command.option('--json', 'print JSON')
  if (row.examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${row.examples.map((each) => `  $ ${each}`).join('\n')}`)
  command.action(async (...received: unknown[]) => {
    // commander hands over the arguments, then the options, then the command.
    const values = received.slice(0, -2) as (string | undefined)[]
    const options = (received.at(-2) ?? {}) as Readonly<Record<string, unknown>>
    const json = options['json'] === true
    // JSON is the same everywhere; only people have locales.
    const terminal = json || showsUnicode(base.environment) ? base.terminal : withPlainSigns(base.terminal)
    await row.run({ ...base, terminal, json }, values, options)
  })
}
