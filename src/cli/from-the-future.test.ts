import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../test/support/cli.ts'
import { homeDigests } from '../../test/support/home-digests.ts'
import { loadSqlite } from '../stores/sqlite-driver.ts'

/** The database is compared by its rows. */
const digests = (home: string) => homeDigests(home, /^state\.db/)

/** Everything in the database. Its bytes may move between the file and its log whenever somebody closes it. */
async function rowsOf(home: string): Promise<unknown> {
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(join(home, 'state.db'))
  const all = (sql: string) => database.prepare(sql).all()
  const tables = all("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")
  const rows = tables.map(({ name, sql }) => [name, sql, all(`SELECT * FROM "${String(name)}"`)])
  const version = all('PRAGMA user_version')
  database.close()
  return { version, rows }
}

const COMMANDS = [
  ['auth', 'list'],
  ['auth', 'status'],
  ['auth', 'add', 'anthropic', '--api-key-stdin'],
  ['auth', 'reset', 'openai'],
  ['auth', 'remove', 'openai', 'work'],
  ['auth', 'export', 'somewhere.backup', '--passphrase-stdin'],
  ['key', 'rotate'],
  ['status'],
]

/** Somebody went back to an older version, or shares a home with a newer one. */
describe('a home that a newer sparekey has written', () => {
  async function home() {
    const line = commandLine()
    await line.run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'work'], 'sk-work-of-mine')
    return line
  }

  it.each(COMMANDS.map((words) => [words.join(' '), words] as const))(
    'database, sparekey %s: says so and what to do, and touches nothing',
    async (_name, words) => {
      const line = await home()
      const { DatabaseSync } = await loadSqlite()
      const database = new DatabaseSync(join(line.home, 'state.db'))
      database.exec('PRAGMA user_version = 999; CREATE TABLE what_is_to_come (it TEXT)')
      database.close()
      const before = { files: digests(line.home), rows: await rowsOf(line.home) }
      const { exit, err } = await line.run(words, 'sk-another-one')
      expect(exit).toBe(1)
      expect(err).toMatch(
        /state\.db was written by a newer sparekey \(schema 999, this one knows \d+\): update sparekey/,
      )
      expect({ files: digests(line.home), rows: await rowsOf(line.home) }).toEqual(before)
    },
  )

  it.each([
    ['auth', 'list'],
    ['strategy', 'openai', 'round_robin'],
    ['fallback', 'add', 'openai/gpt-5.5'],
  ])('configuration, sparekey %s %s: names the place and the key, and touches nothing', async (...words) => {
    const line = await home()
    writeFileSync(
      join(line.home, 'config.yaml'),
      'providers:\n  openai:\n    strategy: fill_first\n    telepathy: true\n',
    )
    const before = digests(line.home)
    const { exit, err } = await line.run(words)
    expect(exit).not.toBe(0)
    expect(err).toMatch(/config\.yaml:4/)
    expect(err).toContain('telepathy')
    expect(digests(line.home)).toEqual(before)
  })
})
