import { runCli } from '../src/cli/run-cli.ts'
import { systemTerminal } from '../src/cli/terminal.ts'
import { systemEnvironment } from '../src/platform/environment.ts'
import { systemPlatform } from '../src/platform/platform.ts'

/** Below these shares the classifier has become worse. Careful readers agree on about 94 % of such payloads. */
const LEAST = { strict: 0.9, lenient: 0.98, times: 0.97 }

/** `npm run corpus -- <file.jsonl>`: how the classifier does on labelled payloads; exit code 1 when that is not good enough. */
const [file = ''] = process.argv.slice(2)
const said: string[] = []
const quiet = { ...systemTerminal(), out: (line: string) => said.push(line) }
const surroundings = { environment: systemEnvironment, platform: systemPlatform }
process.exitCode = await runCli(['classify', '--corpus', file], { terminal: systemTerminal(), ...surroundings })
if (process.exitCode === 0) {
  await runCli(['classify', '--corpus', file, '--json'], { terminal: quiet, ...surroundings })
  const score = JSON.parse(said.join('\n')) as {
    readonly strict: number
    readonly lenient: number
    readonly times: { readonly right: number; readonly of: number }
  }
  const times = score.times.of === 0 ? 1 : score.times.right / score.times.of
  const low = [
    ['strict', score.strict, LEAST.strict] as const,
    ['lenient', score.lenient, LEAST.lenient] as const,
    ['times', times, LEAST.times] as const,
  ].filter(([, share, least]) => share < least)
  for (const [name, share, least] of low)
    console.error(`${name}: ${(share * 100).toFixed(1)} % is below ${least * 100} %`)
  if (low.length > 0) process.exitCode = 1
}
