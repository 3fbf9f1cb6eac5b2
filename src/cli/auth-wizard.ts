import { definitionOf } from '../config/resolve.ts'
import { STRATEGIES, STRATEGY_NAMES } from '../pool/strategies.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import { authAdd } from './auth-add.ts'
import { authRemove, authReset } from './auth-change.ts'
import { authList } from './auth-list.ts'
import { authLogin } from './auth-login.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, readConfig, withRuntime } from './context.ts'
import { type Prompts, terminalPrompts } from './prompts.ts'
import type { SecretOptions } from './given-secret.ts'
import { strategy } from './strategy.ts'
import { printable } from './table.ts'

/** Left in the middle: nothing more is asked. */
class Left extends Error {}

/** What people may do, in the order in which they are likely to want it. */
const STEPS = [
  { value: 'login', label: 'Sign in with an account', hint: 'ChatGPT / Codex, or a provider with OAuth' },
  { value: 'add', label: 'Add an API key' },
  { value: 'list', label: 'See what is here' },
  { value: 'reset', label: 'Lift benches' },
  { value: 'strategy', label: 'Choose how a pool chooses' },
  { value: 'remove', label: 'Remove a credential' },
  { value: 'done', label: 'Done' },
] as const

const FROM = [
  { value: 'typed', label: 'Type or paste it', hint: 'stored encrypted' },
  { value: 'env', label: 'An environment variable', hint: 'only its name is stored' },
  { value: 'file', label: 'A file', hint: 'only its path is stored' },
  { value: 'command', label: "A secret manager's command", hint: 'run when the key is needed' },
] as const

/** `sparekey auth`: a wizard for people. It calls the same commands that scripts use. */
export async function authWizard(context: CliContext, given?: Prompts): Promise<void> {
  const prompts = given ?? (await terminalPrompts())
  prompts.say('intro', 'sparekey: accounts and keys')
  try {
    for (;;) {
      const step = await answer(prompts.choose('What would you like to do?', await stepsFor(context)))
      if (step === 'done') break
      // A mistake ends the step, not the wizard: whoever typed a wrong key types it again.
      await WORK[step](context, prompts).catch((error: unknown) => tellMistake(context, error))
    }
    prompts.say('outro', 'Next: sparekey serve')
  } catch (error) {
    if (!(error instanceof Left)) throw error
    prompts.say('outro', 'Left. What was done so far stays.')
  }
}

type Step = Exclude<(typeof STEPS)[number]['value'], 'done'>

const WORK: Readonly<Record<Step, (context: CliContext, prompts: Prompts) => Promise<void>>> = {
  async login(context, prompts) {
    const provider = await chooseProvider(context, prompts, 'oauth')
    const label = await answer(prompts.text('What shall it be called? (empty: its e-mail address)', ''))
    await authLogin(context, provider, label.trim() === '' ? {} : { label: label.trim() })
  },
  async add(context, prompts) {
    const provider = await chooseProvider(context, prompts, 'api-key')
    const secret = await askSecret(prompts)
    const label = (await answer(prompts.text('What shall it be called? (empty: chosen for you)', ''))).trim()
    await authAdd(context, provider, { ...secret, ...(label === '' ? {} : { label }) })
  },
  list: (context) => authList(context, undefined),
  async reset(context, prompts) {
    const { provider, target } = await chooseCredential(context, prompts, 'Whose benches?', true)
    await authReset(context, provider, target)
  },
  async remove(context, prompts) {
    const { provider, target = '', label } = await chooseCredential(context, prompts, 'Which one?', false)
    if (await answer(prompts.confirm(`Remove "${label}" of ${provider} and its secret?`)))
      await authRemove(context, provider, target)
  },
  async strategy(context, prompts) {
    const provider = await chooseHolder(context, prompts)
    const options = STRATEGY_NAMES.map((name) => ({
      value: name as string,
      label: name,
      hint: STRATEGIES[name].meaning,
    }))
    await strategy(context, provider, await answer(prompts.choose('How shall this pool choose?', options)))
  },
}

/** An empty home has nothing to list, lift or remove. */
async function stepsFor(context: CliContext) {
  const isEmpty = await withRuntime(context, async (runtime) => (await runtime.holders()).size === 0)
  return isEmpty ? STEPS.filter(({ value }) => value === 'login' || value === 'add' || value === 'done') : STEPS
}

async function chooseProvider(context: CliContext, prompts: Prompts, auth: 'oauth' | 'api-key'): Promise<string> {
  const config = await readConfig(context)
  const names = [...new Set([...Object.keys(config.providers), ...Object.keys(PROVIDERS)])]
  const options = names.flatMap((name) => {
    const definition = definitionOf(config, PROVIDERS, name)
    const fits =
      definition?.auth.includes(auth) === true || (auth === 'oauth' && config.providers[name]?.oauth !== undefined)
    return fits ? [{ value: name, label: name, ...(definition === undefined ? {} : { hint: definition.label }) }] : []
  })
  return answer(prompts.choose('Which provider?', options))
}

async function chooseHolder(context: CliContext, prompts: Prompts): Promise<string> {
  const holders = await withRuntime(context, async (runtime) => [...(await runtime.holders())].sort())
  return answer(
    prompts.choose(
      'Which provider?',
      holders.map((name) => ({ value: name, label: name })),
    ),
  )
}

async function chooseCredential(
  context: CliContext,
  prompts: Prompts,
  question: string,
  offersAll: boolean,
): Promise<{ readonly provider: string; readonly target?: string; readonly label: string }> {
  const provider = await chooseHolder(context, prompts)
  const credentials = await withRuntime(context, async (runtime) =>
    (await runtime.pool.describe(provider)).map(({ credential }) => credential),
  )
  const all = offersAll ? [{ value: '', label: 'All of them' }] : []
  const one = credentials.map(({ id, label, type }) => ({ value: id, label: printable(label), hint: type as string }))
  const id = await answer(prompts.choose(question, [...all, ...one]))
  const label = credentials.find((each) => each.id === id)?.label ?? 'all'
  return { provider, label: printable(label), ...(id === '' ? {} : { target: id }) }
}

async function askSecret(prompts: Prompts): Promise<SecretOptions> {
  switch (await answer(prompts.choose('Where is the key?', FROM))) {
    case 'env':
      return { apiKeyEnv: (await answer(prompts.text('Name of the variable', 'OPENAI_API_KEY'))).trim() }
    case 'file':
      return { apiKeyFile: (await answer(prompts.text('Path of the file'))).trim() }
    case 'command':
      return { apiKeyCommand: await answer(prompts.text('Command that prints the key', 'pass show openai')) }
    default:
      return { typedKey: await answer(prompts.hidden('The key (not shown)')) }
  }
}

async function answer<T>(asked: Promise<T | undefined>): Promise<T> {
  const given = await asked
  if (given === undefined) throw new Left()
  return given
}

function tellMistake({ terminal }: CliContext, error: unknown): void {
  if (!(error instanceof CliError) || error.exit === EXIT.done) throw error
  terminal.err(`${terminal.colors.red('error:')} ${error.message}`)
  if (error.next !== undefined) terminal.err(`  ${error.next}`)
}
