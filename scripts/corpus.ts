import { systemEnvironment } from '../src/platform/environment.ts'
import { systemPlatform } from '../src/platform/platform.ts'
import { runCli } from '../src/cli/run-cli.ts'
import { systemTerminal } from '../src/cli/terminal.ts'

/** `npm run corpus -- <file.jsonl>`: how the classifier does on labelled payloads. */
process.exitCode = await runCli(['classify', '--corpus', ...process.argv.slice(2)], {
  terminal: systemTerminal(),
  environment: systemEnvironment,
  platform: systemPlatform,
})
