import { describe, expect, it } from 'vitest'
import { commandLine } from '../../test/support/cli.ts'
import { COMMANDS } from './commands.ts'

const pages = [[], ['auth'], ['key'], ...COMMANDS.map(({ path }) => [...path])]

describe.each([80, 120])('help on a terminal of %i columns', (columns) => {
  it.each(pages.map((path) => [path.join(' '), path] as const))(
    'sparekey %s: nothing runs over the edge',
    async (_name, path) => {
      const { run } = commandLine({}, columns)
      const { exit, out } = await run([...path, '--help'])
      expect(exit).toBe(0)
      expect(out).toMatch(/^Usage: sparekey/)
      // An example is copied: it is never broken, and may be a little longer.
      const [text = '', examples = ''] = out.split('\nExamples:\n')
      expect(text.split('\n').filter((line) => line.length > columns)).toEqual([])
      expect(examples.split('\n').filter((line) => line.length > Math.max(columns, 84))).toEqual([])
    },
  )
})

it('every command shows how it is used', () => {
  const without = COMMANDS.filter(({ examples = [] }) => examples.length === 0).map(({ path }) => path.join(' '))
  // The wizard and the demo take nothing.
  expect(without.sort()).toEqual(['auth', 'demo'])
})
