import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { OAuthAccount } from '../../src/simulator/index.ts'
import { commandLine } from '../support/cli.ts'
import { configFor, loginServer } from '../support/login-world.ts'

const person = (name: string, accountId: string, email = `${name}@example.org`): OAuthAccount => ({
  email,
  accountId,
  userId: `user-${name}`,
})

async function signedIn(accounts: readonly OAuthAccount[], labels: ReadonlyArray<string | undefined> = []) {
  const simulator = await loginServer({ approval: 'at_once', accounts })
  const { home, run } = commandLine()
  writeFileSync(join(home, 'config.yaml'), configFor(simulator))
  for (const [index] of accounts.entries()) {
    const label = labels[index]
    await run(['auth', 'login', 'openai-codex', ...(label === undefined ? [] : ['--label', label])])
  }
  const listed = (await run(['auth', 'list', '--json'])).json() as {
    providers: [{ credentials: Array<{ label: string }> }]
  }
  return listed.providers[0].credentials.map(({ label }) => label)
}

/**
 * Logins were told apart by their label, their e-mail address or their token: two accounts became one, or one stood there twice
 * (39236, 42316, 115626, 106705, 32664, 68520; a published advisory on a synchroniser that merged two Anthropic accounts).
 */
describe('an account is who it is, whatever it is called', () => {
  it('two people of one workspace are two', async () => {
    expect(await signedIn([person('ada', 'acct-team'), person('bob', 'acct-team')])).toHaveLength(2)
  })

  it('one person in two workspaces is two', async () => {
    expect(await signedIn([person('ada', 'acct-one'), person('ada', 'acct-two')])).toHaveLength(2)
  })

  it('two accounts with one e-mail address and one asked-for label are two', async () => {
    const both = [person('ada', 'acct-one', 'same@example.org'), person('bob', 'acct-two', 'same@example.org')]
    expect(await signedIn(both, ['work', 'work'])).toEqual(['work', 'work-2'])
  })

  it('one account under three labels is one, with a name that stays', async () => {
    const same = [person('ada', 'acct-one'), person('ada', 'acct-one'), person('ada', 'acct-one', 'new@example.org')]
    expect(await signedIn(same, ['work', 'home', undefined])).toEqual(['work'])
  })
})
