import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/simulator/index.ts'
import { type Ran, behind, claude, codex, direct, GOOD } from '../support/run-client.ts'

/** What goes wrong behind visible output, where nothing can be repeated for a client; the docs say what the clients make of it. */
const QUOTA: Step = {
  kind: 'failed',
  textFirst: 'Half an answer',
  error: {
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    plan_type: 'plus',
    resets_in_seconds: 13_872,
  },
}
const BILLING: Step = {
  kind: 'failed',
  textFirst: 'Half an answer',
  error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your current quota' },
}
const THROTTLE: Step = {
  kind: 'failed',
  textFirst: 'Half an answer',
  error: {
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached for requests. Please try again in 9s.',
  },
}
const OVERLOADED: Step = {
  kind: 'failed',
  textFirst: 'Half an answer',
  error: { type: 'service_unavailable_error', code: 'server_is_overloaded', message: 'Overloaded' },
}
const CUT: Step = { kind: 'cut', at: 'after_output', how: 'reset' }
const POLICY: Step = {
  kind: 'failed',
  textFirst: 'Half an answer',
  error: { code: 'content_policy_violation', type: 'invalid_request_error', message: 'This was flagged' },
}

/** The account's own fault: it stays as it is, and another account is there. */
const OF_THE_ACCOUNT = { 'the account is empty': QUOTA, 'its credit is used up': BILLING, 'it is throttled': THROTTLE }
/** Nobody's fault for long: the next call goes well. */
const PASSING = { 'the provider is overloaded': OVERLOADED, 'the connection breaks': CUT }

const goodAnswer: Step = { kind: 'answer', text: GOOD }
const said = ({ out, err }: Ran) => `${out}\n${err}`

describe.each(Object.entries(OF_THE_ACCOUNT))('in the middle of an answer %s', (_fault, step) => {
  it('the Codex CLI gives up alone; behind the gateway its own retry finds the other account', async () => {
    const alone = await codex(`${(await direct(step)).url}/v1`)
    expect(alone.exit, said(alone)).toBe(1)
    const world = await behind('openai-codex', step)
    const rescued = await codex(`${world.gateway.url}/v1`)
    expect(rescued.out, said(rescued)).toContain(GOOD)
    expect(rescued.exit).toBe(0)
    expect(world.simulators[0]?.requests).toHaveLength(2)
  })

  it('Claude Code gives up alone; behind the gateway its own retry finds the other account', async () => {
    const alone = await claude((await direct(step)).url)
    expect(alone.exit, said(alone)).toBe(1)
    const world = await behind('anthropic', step)
    const rescued = await claude(world.gateway.url)
    expect(rescued.out, said(rescued)).toContain(GOOD)
    expect(rescued.exit).toBe(0)
  })
})

describe.each(Object.entries(PASSING))('in the middle of an answer %s', (_fault, step) => {
  it('the Codex CLI asks again behind the gateway', async () => {
    const world = await behind('openai-codex', step, goodAnswer)
    const rescued = await codex(`${world.gateway.url}/v1`)
    expect(rescued.out, said(rescued)).toContain(GOOD)
    expect(rescued.exit).toBe(0)
  })

  it('Claude Code asks again behind the gateway', async () => {
    const world = await behind('anthropic', step, goodAnswer)
    const rescued = await claude(world.gateway.url)
    expect(rescued.out, said(rescued)).toContain(GOOD)
    expect(rescued.exit).toBe(0)
  })
})

describe('in the middle of an answer the content is refused', () => {
  it('the Codex CLI says so and asks nobody else', async () => {
    const world = await behind('openai-codex', POLICY)
    const told = await codex(`${world.gateway.url}/v1`)
    expect(told.out).toContain('This was flagged. The provider refused the content.')
    expect(told.exit).toBe(1)
    expect(world.simulators[0]?.requests).toHaveLength(1)
  })

  it('Claude Code says so', async () => {
    const world = await behind('anthropic', POLICY)
    const told = await claude(world.gateway.url)
    expect(told.out).toContain('This was flagged. The provider refused the content.')
    expect(told.exit).toBe(1)
  })
})
