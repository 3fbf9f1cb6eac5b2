import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../support/cli.ts'

const NOBODY = 65_534

/** Every file of a home with what is in it and whose it is. `-shm` is an index that every reader may build again. */
function facts(home: string) {
  return readdirSync(home)
    .filter((name) => !name.endsWith('-shm') && !name.endsWith('-wal'))
    .sort()
    .map((name) => {
      const { uid, mode } = lstatSync(join(home, name))
      const isFile = lstatSync(join(home, name)).isFile()
      return [name, uid, mode, isFile ? readFileSync(join(home, name), 'latin1') : '']
    })
}

async function homeWithKeys() {
  const line = commandLine()
  await line.run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'kept'], 'sk-kept-as-it-is')
  return line
}

const writers = [
  ['auth', 'add', 'anthropic', '--api-key-stdin'],
  ['auth', 'reset', 'openai'],
  ['auth', 'remove', 'openai', 'kept'],
  ['key', 'rotate'],
]

/** A file that could not be read counted as empty, and the next change wrote the emptiness back (71655, 83607; 15718, 20739: a file of root's). */
describe('what cannot be read is never written', () => {
  it.each([
    [
      'the database is rubbish',
      (home: string) => writeFileSync(join(home, 'state.db'), 'not a database at all '.repeat(99)),
    ],
    [
      'the database was moved and a folder is in its place',
      (home: string) => {
        renameSync(join(home, 'state.db'), join(home, 'state.db.moved'))
        mkdirSync(join(home, 'state.db'))
      },
    ],
    ['the key is empty', (home: string) => writeFileSync(join(home, 'key'), '')],
    ['the key is another', (home: string) => writeFileSync(join(home, 'key'), Buffer.alloc(32, 7).toString('base64'))],
    ['config.yaml is no YAML', (home: string) => writeFileSync(join(home, 'config.yaml'), 'providers: [unclosed\n')],
  ])('%s: each command that would write says so and changes nothing', async (_what, spoil) => {
    const { home, run } = await homeWithKeys()
    spoil(home)
    const before = facts(home)
    // `strategy` writes config.yaml and nothing else.
    const more = existsSync(join(home, 'config.yaml')) ? [['strategy', 'openai', 'round_robin']] : []
    for (const words of [...writers, ...more]) {
      const { exit, err } = await run(words, 'sk-another-one')
      expect(exit, `${words.join(' ')}: ${err}`).not.toBe(0)
    }
    expect(facts(home)).toEqual(before)
  })

  it.skipIf(process.platform === 'win32')('files of another owner stay theirs, and untouched', async () => {
    const { home, run } = await homeWithKeys()
    const isRoot = process.getuid?.() === 0
    chmodSync(join(home, 'state.db'), 0o400)
    chmodSync(join(home, 'key'), 0o400)
    // Root's files, and somebody who is not root; where nobody is root, files that are read-only have to stand in.
    if (isRoot) {
      chownSync(home, NOBODY, NOBODY)
      process.seteuid?.(NOBODY)
    }
    const before = facts2(home)
    try {
      for (const words of writers) expect((await run(words, 'sk-another-one')).exit, words.join(' ')).not.toBe(0)
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
    expect(facts2(home)).toEqual(before)
  })
})

/** Without the contents: they may be closed to who looks. */
function facts2(home: string) {
  return readdirSync(home)
    .filter((name) => !name.endsWith('-shm') && !name.endsWith('-wal'))
    .sort()
    .map((name) => {
      const { uid, mode, size, mtimeMs } = lstatSync(join(home, name))
      return { name, uid, mode, size, mtimeMs }
    })
}
