import cluster from 'node:cluster'
import { CliError, EXIT } from './cli-error.ts'
import type { CliContext } from './context.ts'
import { showStarted } from './show-started.ts'
import { untilStopped } from './until-stopped.ts'
import { WorkerCrew } from './worker-crew.ts'

/**
 * Several gateways behind one listening socket; this process only keeps it open and replaces whoever dies.
 * Every worker reads the configuration and the home's store itself, so a reload and a verdict reach all of them.
 * SIGUSR2 renews the workers one by one, with the code that is installed by then, and no call fails.
 */
export async function serveWithWorkers(context: CliContext, size: number, signal?: AbortSignal): Promise<void> {
  const { terminal, platform } = context
  // Every worker accepts for itself. Handed out by this process, a connection given to a worker in the moment of its death was never answered.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ args: process.argv.slice(2) })
  const crew = new WorkerCrew(size, platform, (message) => terminal.err(message))
  const stopped = untilStopped(signal)
  // A second signal ends everything at once: no worker may outlive it.
  process.once('exit', () => crew.kill())
  const started = await Promise.race([crew.start(), stopped])
  if (started === undefined) return crew.stop()
  // The worker has said itself what was wrong.
  if (started.kind === 'ended') throw new CliError(EXIT.failed, 'the first worker could not start')
  process.on('SIGUSR2', () => void crew.renew())
  showStarted(context, started.started, size)
  await stopped
  await crew.stop()
}
