import { availableParallelism } from 'node:os'
import { CliError, EXIT } from './cli-error.ts'

/** More than anybody has cores is a slip of the hand. */
const MOST_WORKERS = 256

/** @throws CliError when it is neither a number of processes nor `auto` */
export function readWorkers(text: string): number {
  if (text === 'auto') return availableParallelism()
  const workers = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (workers < 1 || workers > MOST_WORKERS)
    throw new CliError(EXIT.usage, `--workers takes a number from 1 to ${MOST_WORKERS}, or auto`)
  return workers
}
