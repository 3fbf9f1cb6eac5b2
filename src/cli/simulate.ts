import { nearest } from '../config/nearest.ts'
import { postJson } from '../platform/post-json.ts'
import { type Scenario, SCENARIOS, startSimulator } from '../simulator/index.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson } from './context.ts'
import { readPort } from './port.ts'
import { startStage } from './stage.ts'
import { wrap } from './table.ts'
import { tellAttempts } from './tell-attempts.ts'
import { untilStopped } from './until-stopped.ts'

export interface SimulateOptions {
  readonly serve?: boolean
  readonly port?: string
  readonly oauth?: boolean
  readonly stream?: boolean
  readonly calls?: string
  readonly signal?: AbortSignal
}

/** `sparekey simulate`: lists, plays or serves a scripted provider failure. */
export async function simulate(context: CliContext, name: string | undefined, options: SimulateOptions): Promise<void> {
  if (options.oauth === true && options.serve !== true) throw new CliError(EXIT.usage, '--oauth needs --serve')
  const { terminal } = context
  if (name === undefined && options.serve !== true) {
    const all = Object.values(SCENARIOS)
    if (context.json)
      return printJson(context, { scenarios: all.map((each) => ({ name: each.name, description: each.description })) })
    // The description is why anybody lists them: it is wrapped, not cut.
    for (const each of all) {
      terminal.out(each.name)
      terminal.out(wrap(each.description, terminal.columns, 4))
    }
    return
  }
  const scenario = find(name ?? 'all-good')
  if (options.serve === true) return serveScenario(context, scenario, options)
  await play(context, scenario, options)
}

function find(name: string): Scenario {
  // Not `constructor`, which is found on every object.
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined
  if (scenario !== undefined) return scenario
  const guess = nearest(name, Object.keys(SCENARIOS))
  throw new CliError(
    EXIT.usage,
    `there is no scenario "${name}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
    'see "sparekey simulate"',
  )
}

async function serveScenario(context: CliContext, scenario: Scenario, options: SimulateOptions): Promise<void> {
  const port = readPort(options.port ?? '0')
  const { terminal } = context
  const simulator = await startSimulator({
    scenario,
    platform: context.platform,
    port,
    ...(options.oauth === true ? { oauth: {} } : {}),
    onOAuthRequest: ({ method, path, status }) => terminal.err(`login  ${method} ${path}  ${status}`),
    onRequest: ({ wire, token, stream, path }) =>
      terminal.err(`${spoken(token)}  ${wire}${stream ? ' stream' : ''}  ${path}`),
  }).catch((error: unknown) => {
    throw new CliError(
      EXIT.failed,
      `cannot listen on port ${port}: ${error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'}`,
    )
  })
  const stopped = untilStopped(options.signal)
  const tokens = Object.keys(scenario.credentials)
  if (context.json)
    printJson(context, {
      url: simulator.url,
      port: simulator.port,
      scenario: scenario.name,
      tokens: simulator.oauth === undefined ? tokens : [],
      issuer: simulator.oauth === undefined ? null : simulator.url,
    })
  else {
    terminal.out(`a fake provider plays "${scenario.name}": ${scenario.description}`)
    terminal.out(`  OpenAI wires   ${simulator.url}/v1`)
    terminal.out(`  Messages       ${simulator.url}/v1`)
    terminal.out(`  Codex backend  ${simulator.url}/backend-api/codex`)
    if (simulator.oauth === undefined) terminal.out(`  keys           ${tokens.join(', ')}`)
    else
      for (const line of loginAdvice(
        simulator.url,
        simulator.oauth.accounts.map(({ email }) => email),
      ))
        terminal.out(line)
    terminal.out('  Ctrl-C stops')
  }
  await stopped
  await simulator.close()
}

function loginAdvice(url: string, emails: readonly string[]): readonly string[] {
  return [
    `  accounts       ${emails.join(', ')}`,
    '  to sign in     put this into the config.yaml of a home of its own (SPAREKEY_HOME):',
    '',
    'providers:',
    '  openai-codex:',
    `    baseUrl: ${url}/backend-api/codex`,
    `    oauth: { issuer: "${url}" }`,
    '',
    '                 then run "sparekey auth login openai-codex"',
  ]
}

/** The whole of a made-up key, the beginning of a long token. */
function spoken(token: string): string {
  if (token === '') return '(no token)'
  return token.length > 40 ? `${token.slice(0, 16)}...` : token
}

async function play(context: CliContext, scenario: Scenario, options: SimulateOptions): Promise<void> {
  const { terminal } = context
  const calls = Number(options.calls ?? 2)
  if (!Number.isInteger(calls) || calls < 1 || calls > 100)
    throw new CliError(EXIT.usage, '--calls is a number from 1 to 100')
  const names = Object.fromEntries(Object.keys(scenario.credentials).map((token) => [token, token]))
  const stage = await startStage(context.platform, scenario, names)
  try {
    const results: unknown[] = []
    if (!context.json) {
      terminal.out(`${terminal.colors.bold(scenario.name)}: ${scenario.description}`)
      stage.runtime.bus.subscribe(tellAttempts(terminal))
    }
    stage.runtime.bus.on('call_ended', ({ outcome, label, attempts }) =>
      results.push({ outcome, label: label ?? null, attempts }),
    )
    for (let call = 1; call <= calls; call += 1) {
      if (!context.json) terminal.out(`  call ${call}`)
      const response = await postJson(`${stage.gateway.url}/v1/responses`, {
        model: 'gpt-5.5',
        input: 'What is the answer?',
        stream: options.stream === true,
      })
      if (!context.json)
        terminal.out(
          `     the client got HTTP ${response.status}${response.ok ? '' : ` (${response.header('x-sparekey-error') ?? 'error'})`}`,
        )
    }
    if (context.json) printJson(context, { scenario: scenario.name, calls: results })
  } finally {
    await stage.close()
  }
}
