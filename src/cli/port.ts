import { CliError, EXIT } from './cli-error.ts'

/**
 * Reads `--port`.
 * @throws CliError when it is not a port
 */
export function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new CliError(EXIT.usage, `--port is a number from 0 to 65535, not "${text}"`)
  return Number(text)
}
