import cluster from 'node:cluster'
import { watchConfig } from '../config/watch.ts'
import { describeProblem } from '../config/config.ts'
import { type Gateway, type GatewayHouse, GatewayStartError, startGateway } from '../gateway/index.ts'
import { namesProblems, Runtime } from '../runtime/runtime.ts'
import { gatherLines } from '../telemetry/gathered-lines.ts'
import { createLog } from '../telemetry/log.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, homeFor, openHomeStore, readConfig } from './context.ts'
import { openJournalToWrite } from './home-journal.ts'
import { readPort } from './port.ts'
import { readWorkers } from './read-workers.ts'
import { serveWithWorkers } from './serve-workers.ts'
import { showStarted, type Started } from './show-started.ts'
import { plural } from './spell.ts'
import { untilStopped } from './until-stopped.ts'
import { crewOfWorker, type WorkerSide } from './worker-side.ts'

/** Longer than the keep-alive of our listener: every connection either brings one more call, or ends in the way its client was told. */
const LINGER_MS = 6_000

export interface ServeOptions {
  readonly port?: string
  readonly host?: string
  readonly store?: string
  /** Processes that share the port; `auto` = one for each core. @default this process alone */
  readonly workers?: string
  /** Stops the gateway; the command ends then. */
  readonly signal?: AbortSignal
}

/** `sparekey serve`: runs the gateway until it is told to stop. */
export async function serve(context: CliContext, options: ServeOptions): Promise<void> {
  const workers = options.workers === undefined ? undefined : readWorkers(options.workers)
  if (workers !== undefined && cluster.isPrimary) return serveWithWorkers(context, workers, options.signal)
  const crew = crewOfWorker()
  try {
    await serveGateway(context, options, crew)
  } finally {
    // An open line would keep a worker alive that has failed.
    crew?.leave()
  }
}

async function serveGateway(context: CliContext, options: ServeOptions, crew: WorkerSide | undefined): Promise<void> {
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
  const lines = gatherLines((text) => terminal.err(text.trimEnd()), platform.timers)
  const log = createLog({ destination: lines, redactor: runtime.redactor })
  runtime.bus.subscribe(log.listener)
  let holders = await runtime.holders()
  const house = (): GatewayHouse => ({
    resolveChain: (model, wire, named) => runtime.resolveChain(model, wire, named),
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
    load: runtime.config.limits,
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
  if (crew === undefined)
    process.on('SIGUSR2', () => log.trouble('only workers can be renewed: start with "--workers 1" or more'))
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
  const { credentials } = await store.snapshot()
  const started: Started = {
    url: gateway.url,
    port: gateway.port,
    providers: [...holders].sort(),
    credentials: credentials.length,
    drainMs: runtime.config.limits.drainMs,
  }
  if (crew === undefined) showStarted(context, started)
  else crew.ready(started)
  void runtime.prepareConnections()
  const replaced = await Promise.race([stopped.then(() => false), ...(crew === undefined ? [] : [crew.replaced])])
  stopWatching()
  const cut = await gateway.close(runtime.config.limits.drainMs, { lingerMs: replaced ? LINGER_MS : 0 })
  if (cut > 0) log.trouble(`${plural(cut, 'call')} did not end within limits.drainMs and got an error`)
  try {
    await runtime.close()
  } finally {
    lines.flush()
  }
}
