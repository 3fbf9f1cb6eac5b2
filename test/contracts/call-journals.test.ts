import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MemoryCallJournal } from '../../src/stores/call-journal-memory.ts'
import { hasCallJournal, openCallJournal } from '../../src/stores/open-call-journal.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { callJournalContract, callRecord } from './call-journal.contract.ts'

const NOW = 1_767_225_600_000
const open = (homeDirectory: string) => openCallJournal({ homeDirectory }, manualPlatform())

callJournalContract('memory', async () => ({ open: async (bounds) => new MemoryCallJournal(bounds) }))

callJournalContract('sqlite', async () => {
  const homeDirectory = temporaryHome()
  return {
    open: (bounds) => openCallJournal({ homeDirectory, ...(bounds === undefined ? {} : { bounds }) }, manualPlatform()),
    openAgain: () => open(homeDirectory),
  }
})

it('the file is for its owner only, from the first moment and again after somebody opened it up', async () => {
  const home = join(temporaryHome(), 'new')
  expect(hasCallJournal(home)).toBe(false)
  const journal = await open(home)
  journal.write([callRecord('a')], NOW)
  const modes = () => readdirSync(home).map((file) => [file, statSync(join(home, file)).mode & 0o777])
  expect(modes()).toEqual(['calls.db', 'calls.db-shm', 'calls.db-wal'].map((file) => [file, 0o600]))
  journal.close()
  chmodSync(join(home, 'calls.db'), 0o644)
  const notices: string[] = []
  const again = await openCallJournal({ homeDirectory: home, onNotice: (text) => notices.push(text) }, manualPlatform())
  expect(modes()).toContainEqual(['calls.db', 0o600])
  expect(notices).toHaveLength(1)
  again.close()
})

it('a damaged or foreign file is left as it is, and the error says what to do', async () => {
  const home = temporaryHome()
  const path = join(home, 'calls.db')
  writeFileSync(path, 'this is no database, but somebody may want it back'.repeat(100))
  const before = readFileSync(path)
  await expect(open(home)).rejects.toThrow(/calls\.db cannot be read .* Move it away/)
  expect(readFileSync(path).equals(before)).toBe(true)
})

it('a writer that finds the journal locked does not wait, and changes nothing', async () => {
  const home = temporaryHome()
  const [one, two] = [await open(home), await open(home)]
  const { loadSqlite } = await import('../../src/stores/sqlite-driver.ts')
  const { DatabaseSync } = await loadSqlite()
  const holder = new DatabaseSync(join(home, 'calls.db'))
  holder.exec('BEGIN IMMEDIATE')
  expect(() => one.write([callRecord('a')], NOW)).toThrow(/locked/)
  expect(two.latest({ limit: 9 })).toEqual([])
  holder.exec('ROLLBACK')
  holder.close()
  one.write([callRecord('a')], NOW)
  expect(two.latest({ limit: 9 })).toHaveLength(1)
  one.close()
  two.close()
})
