import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/simulator/index.ts'
import { behind, claude, closeAfterwards, codex, direct, GOOD } from '../support/run-client.ts'
import { startWorld, type World } from '../support/world.ts'

const QUOTA = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  plan_type: 'plus',
  resets_in_seconds: 13_872,
}
const FAULTS: Readonly<Record<string, Step>> = {
  'an empty account inside HTTP 200': { kind: 'failed', error: QUOTA },
  'an empty account after a reasoning item': { kind: 'failed', error: QUOTA, reasoningFirst: true },
  'an empty account as HTTP 429': { kind: 'error', status: 429, body: { error: QUOTA } },
  'an overload inside the stream': {
    kind: 'failed',
    error: {
      type: 'service_unavailable_error',
      code: 'server_is_overloaded',
      message: 'Our servers are currently overloaded.',
    },
  },
}

describe.each(Object.entries(FAULTS))('%s', (_fault, step) => {
  it('the Codex CLI fails straight at the provider and succeeds behind the gateway', async () => {
    const simulator = await direct(step)
    const alone = await codex(`${simulator.url}/v1`)
    expect(alone.exit).toBe(1)
    expect(alone.out).not.toContain(GOOD)

    const world = await behind('openai-codex', step)
    const rescued = await codex(`${world.gateway.url}/v1`)
    expect(rescued.out).toContain(GOOD)
    expect(rescued.exit).toBe(0)
  })

  it('Claude Code fails straight at the provider and succeeds behind the gateway', async () => {
    const simulator = await direct(step)
    const alone = await claude(simulator.url)
    expect(alone.exit).toBe(1)

    const world = await behind('anthropic', step)
    const rescued = await claude(world.gateway.url)
    expect(JSON.parse(rescued.out)).toMatchObject({ is_error: false, result: GOOD })
    expect(rescued.exit).toBe(0)
  })
})

describe('all accounts empty', () => {
  it('the Codex CLI shows its own message for a used-up limit', async () => {
    const step: Step = { kind: 'failed', error: QUOTA }
    const world = await startWorld({
      sides: [
        {
          provider: 'openai-codex',
          scenario: { name: 'x', description: '', credentials: { 'tok-a': { steps: [step] } } },
        },
      ],
    })
    closeAfterwards(world)
    const told = await codex(`${world.gateway.url}/v1`)
    expect(told.exit).toBe(1)
    expect(told.out).toContain('hit your usage limit')
    expect(world.simulators[0]?.requests).toHaveLength(1)
  })
})

/** A client asks for a tool, runs it, sends its result and gets the last word, all through a provider of another protocol. */
async function withTool(
  provider: 'openai-codex' | 'anthropic' | 'gemini',
  name: string,
  input: unknown,
): Promise<World> {
  const steps: readonly Step[] = [
    { kind: 'answer', toolCall: { name, arguments: JSON.stringify(input) } },
    { kind: 'answer', text: GOOD },
  ]
  const credentials = { 'tok-a': { steps: [...steps, ...steps] } }
  const world = await startWorld({ sides: [{ provider, scenario: { name: 'tool', description: '', credentials } }] })
  closeAfterwards(world)
  return world
}

describe('over a provider of another protocol', () => {
  it.each(['gemini', 'anthropic'] as const)('the Codex CLI runs a tool over %s', async (provider) => {
    const world = await withTool(provider, 'exec_command', { cmd: 'echo from-the-tool' })
    const ran = await codex(`${world.gateway.url}/v1`)
    expect(ran.out).toContain(GOOD)
    expect(ran.exit).toBe(0)
    expect(world.simulators[0]?.requests).toHaveLength(2)
    expect(JSON.stringify(world.simulators[0]?.requests[1]?.body)).toContain('from-the-tool')
  })

  it.each(['gemini', 'openai-codex'] as const)('Claude Code runs a tool over %s', async (provider) => {
    const world = await withTool(provider, 'Bash', { command: 'echo from-the-tool', description: 'Says it' })
    const ran = await claude(world.gateway.url)
    expect(ran.out).toContain(GOOD)
    expect(ran.exit).toBe(0)
    expect(JSON.stringify(world.simulators[0]?.requests.at(-1)?.body)).toContain('from-the-tool')
  })
})
