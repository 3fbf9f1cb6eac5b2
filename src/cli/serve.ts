import { watchConfig } from '../config/watch.ts'
import { describeProblem } from '../config/config.ts'
import { type Gateway, type GatewayHouse, GatewayStartError, startGateway } from '../gateway/index.ts'
import { namesProblems, Runtime } from '../runtime/runtime.ts'
import { createLog } from '../telemetry/log.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, homeFor, openHomeStore, printJson, readConfig } from './context.ts'
import { openJournalToWrite } from './home-journal.ts'
import { readPort } from './port.ts'
import { plural } from './spell.ts'
import { untilStopped } from './until-stopped.ts'

export interface ServeOptions {
  readonly port?: string
  readonly host?: string
  readonly store?: string
  /** Stops the gateway; the command ends then. */
  readonly signal?: AbortSignal
}

/** `sparekey serve`: runs the gateway until it is told to stop. */
export async function serve(context: CliContext, options: ServeOptions): Promise<void> {
  const port = options.port === undefined ? undefined : readPort(options.port)
  const flags = options.store === undefined ? {} : { store: options.store }
  const config = await readConfig(context, flags)
  const store = await openHomeStore(context, config)
  const { terminal, platform, environment } = context
  const journal = await openJournalToWrite(context)
  const runtime = new Runtime({
    config,
    store,
    platform,
    environment,
    recordTo: homeFor(context).failures,
    ...(journal === undefined ? {} : { journal }),
    onTrouble: (message) => log.trouble(message),
  })
  const log = createLog({ destination: { write: (line) => terminal.err(line.trimEnd()) }, redactor: runtime.redactor })
  runtime.bus.subscribe(log.listener)
  let holders = await runtime.holders()
  const house = (): GatewayHouse => ({
    resolveChain: (model, wire) => runtime.resolveChain(model, wire),
    listModels: () => {
      void runtime.holders().then(
        (now) => {
          holders = now
        },
        () => undefined,
      )
      return runtime.listModels(holders)
    },
    clients: runtime.config.clients,
  })
  let gateway: Gateway
  try {
    gateway = await startGateway({
      relay: runtime,
      house: house(),
      platform,
      host: options.host ?? config.listen.host,
      port: port ?? config.listen.port,
      ready: () => runtime.readiness(),
      onTrouble: (message) => log.trouble(message),
    })
  } catch (error) {
    await runtime.close()
    if (error instanceof GatewayStartError)
      throw new CliError(error.code === 'open_to_network' ? EXIT.notAuthorised : EXIT.failed, error.message)
    throw error
  }
  const stopped = untilStopped(options.signal)
  const stopWatching = watchConfig(
    homeFor(context).config,
    { environment, timers: platform.timers, flags },
    (next) => {
      const problems = namesProblems(next, 'config.yaml')
      if (problems.length > 0)
        return log.trouble(`configuration not reloaded: ${problems.map(describeProblem).join('; ')}`)
      runtime.reload(next)
      gateway.reload(house())
      log.trouble('configuration reloaded')
    },
    (problems) => log.trouble(`configuration not reloaded: ${problems.map(describeProblem).join('; ')}`),
  )
  if (context.json) printJson(context, { url: gateway.url, port: gateway.port, providers: [...holders].sort() })
  else {
    terminal.out(`sparekey listens on ${terminal.colors.bold(gateway.url)}`)
    terminal.out(`  OpenAI clients     base URL ${gateway.url}/v1`)
    terminal.out(`  Anthropic clients  base URL ${gateway.url}`)
    const { credentials } = await store.snapshot()
    terminal.out(
      credentials.length === 0
        ? '  no credentials yet: add one with "sparekey auth add <provider>"'
        : `  ${plural(credentials.length, 'credential')} for ${[...holders].sort().join(', ')}`,
    )
    terminal.out('  Ctrl-C stops')
  }
  await stopped
  stopWatching()
  await gateway.close()
  await runtime.close()
}
