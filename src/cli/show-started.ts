import { type CliContext, printJson } from './context.ts'
import { plural } from './spell.ts'

/** A gateway that listens. */
export interface Started {
  readonly url: string
  readonly port: number
  readonly providers: readonly string[]
  readonly credentials: number
  /** Its calls get this long to end when it is told to stop. */
  readonly drainMs: number
}

/** The start screen. @param workers processes behind the port, when there are several */
export function showStarted(context: CliContext, started: Started, workers?: number): void {
  const { terminal } = context
  const { url, port, providers, credentials } = started
  if (context.json) return printJson(context, { url, port, providers, ...(workers === undefined ? {} : { workers }) })
  terminal.out(`sparekey listens on ${terminal.colors.bold(url)}`)
  terminal.out(`  OpenAI clients     base URL ${url}/v1`)
  terminal.out(`  Anthropic clients  base URL ${url}`)
  terminal.out(
    credentials === 0
      ? '  no credentials yet: add one with "sparekey auth add <provider>"'
      : `  ${plural(credentials, 'credential')} for ${providers.join(', ')}`,
  )
  if (workers !== undefined)
    terminal.out(`  ${plural(workers, 'worker')}; SIGUSR2 to process ${process.pid} renews them`)
  terminal.out('  Ctrl-C stops')
}
