import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../test/support/cli.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'

const PASSPHRASE = 'correct horse battery'
const KEY = 'sk-planted-in-a-backup'

async function exported() {
  const line = commandLine({ P: PASSPHRASE, MY_KEY: 'sk-from-the-environment' })
  await line.run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'work'], KEY)
  await line.run(['auth', 'add', 'openai', '--api-key-env', 'MY_KEY'])
  const file = join(temporaryHome(), 'my.backup')
  const run = await line.run(['auth', 'export', file, '--passphrase-env', 'P', '--json'])
  return { line, file, run }
}

describe('a backup', () => {
  it('holds everything, shows nothing, and comes back in an empty home', async () => {
    const { file, run } = await exported()
    expect(run.json()).toEqual({ file, credentials: 2, references: 1, logins: 0, benches: 0 })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const text = readFileSync(file, 'utf8')
    for (const secret of [KEY, PASSPHRASE, 'sk-from-the-environment', 'work']) expect(text).not.toContain(secret)
    const other = commandLine()
    const back = await other.run(['auth', 'import', 'backup', file, '--passphrase-stdin', '--json'], `${PASSPHRASE}\n`)
    expect(back.exit).toBe(0)
    const listed = (await other.run(['auth', 'list', 'openai', '--json'])).json() as {
      providers: [{ credentials: Array<{ label: string; source: string }> }]
    }
    expect(listed.providers[0].credentials.map(({ label, source }) => [label, source])).toEqual([
      ['work', 'stored'],
      ['MY_KEY', 'env:MY_KEY'],
    ])
    const again = await other.run(['auth', 'import', 'backup', file, '--passphrase-stdin'], PASSPHRASE)
    expect(again.out).toContain('0 credentials added')
  })

  it.each([
    ['a wrong passphrase', (text: string) => text, 'wrong', 4, 'the passphrase is wrong, or the file was altered'],
    [
      'one byte altered',
      (text: string) =>
        text.replace(/("ciphertext": ")(.)/, (_all, head: string, one: string) => head + (one === 'A' ? 'B' : 'A')),
      PASSPHRASE,
      4,
      'was altered',
    ],
    ['cut short', (text: string) => text.slice(0, text.length / 2), PASSPHRASE, 1, 'is damaged'],
    ['a field missing', (text: string) => text.replace('"tag"', '"gat"'), PASSPHRASE, 1, 'is damaged'],
    [
      'a newer version',
      (text: string) => text.replace('"version": 1', '"version": 9'),
      PASSPHRASE,
      1,
      'newer sparekey (backup version 9',
    ],
    ['forged costs', (text: string) => text.replace('"n": 131072', '"n": 1073741824'), PASSPHRASE, 1, 'more work'],
    ['something else', () => '{"hello":1}', PASSPHRASE, 1, 'is no sparekey backup'],
    ['nothing', () => '', PASSPHRASE, 1, 'it is empty'],
  ])('%s is refused, and nothing changes', async (_what, spoil, passphrase, exit, says) => {
    const { file } = await exported()
    writeFileSync(file, spoil(readFileSync(file, 'utf8')))
    const other = commandLine()
    const run = await other.run(['auth', 'import', 'backup', file, '--passphrase-stdin'], passphrase)
    expect(run.exit).toBe(exit)
    expect(run.err).toContain(says)
    expect(run.err).toContain('nothing was changed')
    expect(readdirSync(other.home)).toEqual([])
  })

  it.each([
    [['--passphrase-stdin'], 'short', 'at least 8 characters'],
    [[], '', 'no passphrase was given'],
    [['--passphrase-env', 'NOT_SET'], '', 'NOT_SET is not set'],
    [['--passphrase-env', 'P', '--passphrase-stdin'], '', 'give one of'],
  ])('export with %j is refused before anything is written', async (words, input, says) => {
    const { line, file } = await exported()
    const other = `${file}.other`
    const run = await line.run(['auth', 'export', other, ...words], input)
    expect(run.exit).not.toBe(0)
    expect(run.err).toContain(says)
    expect(readdirSync(join(file, '..'))).toEqual(['my.backup'])
  })

  it('that cannot be written leaves nothing half-made', async () => {
    const { line, file } = await exported()
    const run = await line.run(['auth', 'export', join(file, 'below-a-file'), '--passphrase-env', 'P'])
    expect(run.exit).toBe(1)
    expect(run.err).toContain('could not be written (a part of its path is no folder)')
  })

  it('carries benches only when they are asked for', async () => {
    const { line, file } = await exported()
    const all = await line.run(['auth', 'export', file, '--passphrase-env', 'P', '--all', '--json'])
    expect(all.json()).toMatchObject({ benches: 0, credentials: 2 })
  })
})
