import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { type Scenario, type Simulator, startSimulator, type Step } from '../../src/simulator/index.ts'
import { temporaryHome } from './temporary-home.ts'
import { startWorld, type World } from './world.ts'

/** The real programs, installed by scripts/install-clients.sh into SPAREKEY_TEST_CLIENTS, against the simulator and through the gateway. */
const CLIENTS = process.env['SPAREKEY_TEST_CLIENTS'] ?? ''

export const GOOD = 'pong from the simulator'

const open: Array<World | Simulator> = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

/** Closed behind the test. */
export function closeAfterwards<T extends World | Simulator>(each: T): T {
  open.push(each)
  return each
}

export interface Ran {
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

export function codex(baseUrl: string): Promise<Ran> {
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

export function claude(baseUrl: string): Promise<Ran> {
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

function scenario(steps: readonly Step[]): Scenario {
  const good: Step = { kind: 'answer', text: GOOD }
  return {
    name: 'client',
    description: '',
    credentials: { 'tok-a': { steps }, 'tok-b': { steps: [good] }, 'tok-c': { steps: [good] } },
  }
}

/** The first account answers with these steps, the last one again and again; two others are well. */
export async function direct(...steps: readonly Step[]): Promise<Simulator> {
  const simulator = await startSimulator({ scenario: scenario(steps) })
  open.push(simulator)
  return simulator
}

export async function behind(
  provider: 'openai-codex' | 'anthropic' | 'gemini',
  ...steps: readonly Step[]
): Promise<World> {
  const world = await startWorld({ sides: [{ provider, scenario: scenario(steps) }] })
  open.push(world)
  return world
}
