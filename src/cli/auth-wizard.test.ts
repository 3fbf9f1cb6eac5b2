import { describe, expect, it } from 'vitest'
import { commandLine } from '../../test/support/cli.ts'
import { authWizard } from './auth-wizard.ts'
import type { Prompts } from './prompts.ts'

/** Answers in order; `undefined` leaves. What was asked is kept. */
function answering(answers: ReadonlyArray<string | boolean | undefined>) {
  const left = [...answers]
  const asked: Array<{ readonly question: string; readonly options?: readonly string[] }> = []
  const said: string[] = []
  const next = () => {
    if (left.length === 0) throw new Error(`asked more than expected: ${asked.at(-1)?.question}`)
    return left.shift()
  }
  const prompts: Prompts = {
    choose: (question, options) => {
      asked.push({ question, options: options.map(({ value }) => value) })
      const answer = next()
      const found = options.find(({ value }) => value === answer)
      if (answer !== undefined && found === undefined)
        throw new Error(`"${String(answer)}" is not offered by: ${question}`)
      return Promise.resolve(found?.value)
    },
    text: (question) => {
      asked.push({ question })
      return Promise.resolve(next() as string | undefined)
    },
    hidden: (question) => {
      asked.push({ question })
      return Promise.resolve(next() as string | undefined)
    },
    confirm: (question) => {
      asked.push({ question })
      return Promise.resolve(next() as boolean | undefined)
    },
    say: (_kind, text) => void said.push(text),
  }
  return { prompts, asked, said, left }
}

describe('the wizard', () => {
  it('adds a typed key without telling it, chooses a strategy, and removes', async () => {
    const line = commandLine()
    const { context, said } = line.contextOf({ interactive: true })
    const played = answering([
      'add',
      'openai',
      'typed',
      'sk-typed-into-a-prompt',
      'work',
      'strategy',
      'openai',
      'round_robin',
      'done',
    ])
    await authWizard(context, played.prompts)
    expect(played.left).toEqual([])
    expect(said()).toContain('added "work"')
    expect(said()).not.toContain('sk-typed')
    expect(said()).not.toContain('shell history')
    expect((await line.run(['strategy', 'openai'])).out).toContain('round_robin')
    const { credentials } = (
      (await line.run(['auth', 'list', '--json'])).json() as { providers: [{ credentials: [{ id: string }] }] }
    ).providers[0]
    const removal = answering([
      'remove',
      'openai',
      credentials[0].id,
      false,
      'remove',
      'openai',
      credentials[0].id,
      true,
      'done',
    ])
    await authWizard(line.contextOf({ interactive: true }).context, removal.prompts)
    expect((await line.run(['auth', 'list'])).exit).toBe(3)
  })

  it('offers only what can be done: nothing to remove in an empty home', async () => {
    const played = answering(['done'])
    await authWizard(commandLine().contextOf({ interactive: true }).context, played.prompts)
    expect(played.asked[0]?.options).toEqual(['login', 'add', 'done'])
  })

  it('a mistake ends the step, not the wizard', async () => {
    const line = commandLine()
    const { context, said } = line.contextOf({ interactive: true })
    const played = answering([
      'add',
      'openai',
      'env',
      'NOT_SET',
      '',
      'add',
      'openai',
      'typed',
      'sk-right-this-time',
      '',
      'reset',
      'openai',
      '',
      'list',
      'done',
    ])
    await authWizard(context, played.prompts)
    expect(said()).toContain('NOT_SET is not set')
    expect(said()).toContain('added "openai"')
    expect(said()).toContain('reset 1 credential')
  })

  it.each([[[undefined]], [['add', undefined]], [['add', 'openai', 'typed', undefined]]])(
    'can be left at any question, and nothing half-done stays (%j)',
    async (answers) => {
      const line = commandLine()
      const played = answering(answers)
      await authWizard(line.contextOf({ interactive: true }).context, played.prompts)
      expect(played.said.at(-1)).toContain('Left')
      expect((await line.run(['auth', 'list'])).exit).toBe(3)
    },
  )

  it('without a terminal there is help, and exit code 2', async () => {
    const run = await commandLine().run(['auth'])
    expect(run.exit).toBe(2)
    expect(run.err).toContain('Usage: sparekey auth')
    expect(run.err).toContain('needs a terminal')
  })

  it('a command that does not exist is told, with the nearest one', async () => {
    const run = await commandLine().run(['auth', 'lst'])
    expect(run.exit).toBe(2)
    expect(run.err).toContain('did you mean "auth list"?')
  })
})
