import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { CliError } from './cli-error.ts'
import { readWorkers } from './read-workers.ts'

it('reads a number of processes, or one for each core', () => {
  expect(readWorkers('auto')).toBe(availableParallelism())
  expect(readWorkers('1')).toBe(1)
  expect(readWorkers('256')).toBe(256)
})

it.each(['0', '257', '-1', '2.5', '1e2', 'two', '', ' 2'])('refuses %j', (text) => {
  expect(() => readWorkers(text)).toThrow(CliError)
})
