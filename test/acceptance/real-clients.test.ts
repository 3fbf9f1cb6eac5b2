import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Scenario, type Simulator, startSimulator, type Step } from '../../src/simulator/index.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { startWorld, type World } from '../support/world.ts'

/** The real programs, installed by scripts/install-clients.sh into SPAREKEY_TEST_CLIENTS, against the simulator and through the gateway. */
const CLIENTS = process.env['SPAREKEY_TEST_CLIENTS'] ?? ''

const QUOTA = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  plan_type: 'plus',
  resets_in_seconds: 13_872,
}
const GOOD = 'pong from the simulator'

const open: Array<World | Simulator> = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

interface Ran {
  readonly exit: number | null
  readonly out: string
  readonly err: string
}

function run(program: string, words: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(CLIENTS, 'node_modules', '.bin', program), [...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Nothing of the machine's own settings, and no proxy that could lead out.
      env: { PATH: process.env['PATH'] ?? '', TERM: 'dumb', NO_COLOR: '1', no_proxy: '127.0.0.1', ...variables },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => out.push(part))
    child.stderr.on('data', (part: Buffer) => err.push(part))
    child.on('error', reject)
    child.on('close', (exit) =>
      resolve({ exit, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
    )
  })
}

function codex(baseUrl: string): Promise<Ran> {
  const home = temporaryHome()
  const codexHome = join(home, 'codex')
  mkdirSync(codexHome)
  writeFileSync(
    join(codexHome, 'config.toml'),
    `model = "gpt-5.5"
model_provider = "gw"
check_for_update_on_startup = false
approval_policy = "never"
sandbox_mode = "read-only"
web_search = "disabled"
[analytics]
enabled = false
[model_providers.gw]
name = "gw"
base_url = "${baseUrl}"
wire_api = "responses"
env_key = "GW_KEY"
request_max_retries = 1
stream_max_retries = 1
stream_idle_timeout_ms = 10000
supports_websockets = false
`,
  )
  return run('codex', ['exec', '--skip-git-repo-check', '--json', 'Say pong'], {
    HOME: home,
    CODEX_HOME: codexHome,
    GW_KEY: 'tok-a',
  })
}

function claude(baseUrl: string): Promise<Ran> {
  const home = temporaryHome()
  return run('claude', ['--print', '--output-format', 'json', 'Say pong'], {
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    ANTHROPIC_API_KEY: 'tok-a',
    ANTHROPIC_BASE_URL: baseUrl,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
  })
}

function scenario(first: Step): Scenario {
  const good: Step = { kind: 'answer', text: GOOD }
  return {
    name: 'client',
    description: '',
    credentials: { 'tok-a': { steps: [first] }, 'tok-b': { steps: [good] }, 'tok-c': { steps: [good] } },
  }
}

async function direct(first: Step): Promise<Simulator> {
  const simulator = await startSimulator({ scenario: scenario(first) })
  open.push(simulator)
  return simulator
}

async function behind(provider: 'openai-codex' | 'anthropic' | 'gemini', first: Step): Promise<World> {
  const world = await startWorld({ sides: [{ provider, scenario: scenario(first) }] })
  open.push(world)
  return world
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
    open.push(world)
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
  open.push(world)
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
