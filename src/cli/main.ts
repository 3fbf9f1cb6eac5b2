#!/usr/bin/env node
import { systemEnvironment } from '../platform/environment.ts'
import { keepEnvironmentOutOfReports } from '../platform/crash-reports.ts'
import { systemPlatform } from '../platform/platform.ts'
import { runCli } from './run-cli.ts'
import { systemTerminal } from './terminal.ts'

keepEnvironmentOutOfReports()

// `sparekey ... | head` closes our output: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
})

// A log whose reader has gone, or whose disk is full, loses lines; it must not end the calls.
process.stderr.on('error', () => undefined)

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: systemTerminal(),
  environment: systemEnvironment,
  platform: systemPlatform,
})
