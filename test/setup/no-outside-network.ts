import { afterAll, afterEach, expect } from 'vitest'
import { violations } from './outside-network-guard.mjs'

// Programs started by a test (the CLI through tsx) are guarded as well.
const guard = `--import=${new URL('./outside-network-guard.mjs', import.meta.url).href}`
const nodeOptions = process.env['NODE_OPTIONS'] ?? ''
if (!nodeOptions.includes(guard)) process.env['NODE_OPTIONS'] = `${nodeOptions} ${guard}`.trim()

// The refusal is thrown where the connection is made, but the code under test may well catch it and
// call it a network failure: so the test fails too.
const failOnViolation = () => {
  const seen = violations.splice(0)
  expect(seen, 'connections outside this machine').toEqual([])
}
afterEach(failOnViolation)
afterAll(failOnViolation)
