import type OpenAiSdk from 'openai-v7'
import { postJson } from '../platform/post-json.ts'
import { SCENARIOS, type Scenario } from '../simulator/index.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { CliContext } from './context.ts'
import { plural } from './spell.ts'
import { type Stage, startStage } from './stage.ts'
import { wrap } from './table.ts'
import { tellAttempts } from './tell-attempts.ts'

const NAMES = { 'tok-a': 'alice', 'tok-b': 'bob', 'tok-c': 'carol' } as const

/** What a client got, in one line. */
interface Got {
  readonly text: string
  readonly ok: boolean
}

/** `sparekey demo`: the main job, step by step, on loopback. Ends with exit code 0 only if everything went as told. */
export async function demo(context: CliContext): Promise<void> {
  const { terminal, platform } = context
  const { colors } = terminal
  const say = (text: string) => terminal.out(wrap(text, Math.min(terminal.columns, 100), 2))
  const heading = (text: string) => terminal.out(`\n${colors.bold(text)}`)
  const sdk = await loadSdk()

  terminal.out(colors.bold('sparekey demo: a call survives an empty account'))
  say(
    'Three simulated Codex accounts behind one gateway, all on this machine. Alice is empty; her provider says so inside HTTP 200.',
  )

  const stage = await startStage(platform, named(SCENARIOS['first-account-empty-after-reasoning']), NAMES)
  const results: boolean[] = []
  const client = sdk ?? plainClient
  const ask = async (at: Stage, stream: boolean): Promise<Got> => client(`${at.gateway.url}/v1`, stream)
  const tell = ({ text, ok }: Got, wanted: boolean) => {
    results.push(ok === wanted)
    terminal.out(`     ${colors.bold('the client got:')} ${ok ? colors.green(text) : colors.yellow(text)}`)
  }
  try {
    heading('1. Straight to the provider, with the first account')
    const direct = await straight(stage)
    results.push(direct.includes('"failed"'))
    terminal.out(`     HTTP 200, ${direct}`)
    say('A client that looks at the HTTP status alone sees a success without an answer.')

    const stop = stage.runtime.bus.subscribe(tellAttempts(terminal))
    heading(`2. The same call through the gateway (${sdk === undefined ? 'plain HTTP client' : 'OpenAI SDK'})`)
    tell(await ask(stage, false), true)

    heading('3. The next call, as a stream: alice is left alone')
    tell(await ask(stage, true), true)
    const hits = stage.simulator.hits('tok-a') - 1
    results.push(hits === 1)
    terminal.out(`     alice was asked ${plural(hits, 'time')} in all`)

    heading("4. A refusal for safety is nobody's fault: no account is tried or benched for it")
    const benchedBefore = await benches(stage)
    stage.simulator.reset(named(SCENARIOS['policy-refusal']))
    tell(await ask(stage, false), false)
    results.push((await benches(stage)) === benchedBefore, stage.simulator.requests.length === 1)

    heading('5. Everybody empty: one typed answer, with the time to come back')
    stage.simulator.reset(named(SCENARIOS['all-empty']))
    tell(await ask(stage, false), false)
    stop()
  } finally {
    await stage.close()
  }
  terminal.out('')
  if (results.includes(false))
    throw new CliError(EXIT.failed, 'the demo did not go as told above', 'please report it with this output')
  say(
    'HTTP errors, failed responses inside a 200, events in a stream and dropped sockets all go through one table: what happened, whose fault, what next.',
  )
  terminal.out('')
  terminal.out(`  ${colors.bold('sparekey auth add openai --api-key-stdin')}   your own credentials`)
  terminal.out(`  ${colors.bold('sparekey serve')}                             then point a client at it`)
}

function named(scenario: Scenario | undefined): Scenario {
  if (scenario === undefined) throw new CliError(EXIT.failed, 'a scenario of the demo is missing')
  return scenario
}

async function benches(stage: Stage): Promise<number> {
  const { benches: all } = await stage.runtime.store.snapshot()
  return all.length
}

async function straight(stage: Stage): Promise<string> {
  const { text } = await postJson(
    `${stage.simulator.url}/v1/responses`,
    { model: 'gpt-5.5', input: QUESTION, store: false },
    { authorization: 'Bearer tok-a' },
  )
  const body = JSON.parse(text) as { readonly status?: string; readonly error?: { readonly message?: string } }
  return `"status": "${body.status ?? '?'}", "${body.error?.message ?? '?'}"`
}

const QUESTION = 'What is the answer?'

type Client = (baseUrl: string, stream: boolean) => Promise<Got>

/** The real SDK where it is installed (a checkout); the demo works without. */
async function loadSdk(): Promise<Client | undefined> {
  let OpenAi: typeof OpenAiSdk
  try {
    OpenAi = (await import('openai-v7')).default
  } catch {
    return undefined
  }
  return async (baseURL, stream) => {
    const openai = new OpenAi({ baseURL, apiKey: 'unused', maxRetries: 0 })
    const request = { model: 'gpt-5.5', input: QUESTION } as const
    try {
      if (!stream) return { ok: true, text: `"${(await openai.responses.create(request)).output_text}"` }
      let text = ''
      for await (const event of await openai.responses.create({ ...request, stream: true }))
        if (event.type === 'response.output_text.delta') text += event.delta
      return { ok: text !== '', text: `"${text}" in pieces` }
    } catch (error) {
      if (!(error instanceof OpenAi.APIError)) throw error
      const retryAfter = error.headers?.get('retry-after')
      return {
        ok: false,
        text: `HTTP ${error.status} ${error.code ?? error.type ?? ''}${retryAfter === null || retryAfter === undefined ? '' : `, retry-after ${retryAfter} s`}`,
      }
    }
  }
}

const plainClient: Client = async (baseUrl, stream) => {
  const answer = await postJson(`${baseUrl}/responses`, { model: 'gpt-5.5', input: QUESTION, stream })
  if (answer.ok) return { ok: answer.text.includes('42'), text: 'a complete answer' }
  const retryAfter = answer.header('retry-after')
  return {
    ok: false,
    text: `HTTP ${answer.status} ${answer.header('x-sparekey-error') ?? ''}${retryAfter === undefined ? '' : `, retry-after ${retryAfter} s`}`,
  }
}
