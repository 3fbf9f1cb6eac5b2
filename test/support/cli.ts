import pico from 'picocolors'
import type { CliContext } from '../../src/cli/context.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { fixedEnvironment } from '../../src/platform/environment.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { temporaryHome } from './temporary-home.ts'

export interface CliRun {
  readonly exit: number
  readonly out: string
  readonly err: string
  json(): unknown
}

/** A command line with a home of its own. */
export function commandLine(variables: Readonly<Record<string, string>> = {}, columns = 80) {
  const home = temporaryHome()
  const environment = fixedEnvironment({ SPAREKEY_HOME: home, ...variables }, home)
  const run = async (words: readonly string[], input = ''): Promise<CliRun> => {
    const out: string[] = []
    const err: string[] = []
    const terminal = {
      columns,
      interactive: false,
      unicode: true,
      colors: pico.createColors(false),
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      live: () => {},
      readInput: () => Promise.resolve(input),
      askHidden: () => Promise.resolve(undefined),
    }
    const exit = await runCli(words, { terminal, environment, platform: systemPlatform })
    const text = out.join('\n')
    return { exit, out: text, err: err.join('\n'), json: () => JSON.parse(text) as unknown }
  }
  /** What a command gets when it is called directly: a terminal with somebody before it, for instance. */
  const contextOf = (more: Partial<Terminal> = {}) => {
    const said: string[] = []
    const terminal: Terminal = {
      columns,
      interactive: false,
      unicode: true,
      colors: pico.createColors(false),
      out: (text) => void said.push(text),
      err: (text) => void said.push(text),
      live: () => {},
      readInput: () => Promise.resolve(''),
      askHidden: () => Promise.resolve(undefined),
      ...more,
    }
    const context: CliContext = { terminal, environment, platform: systemPlatform, json: false }
    return { context, home, said: () => said.join('\n') }
  }
  return { home, run, contextOf }
}
