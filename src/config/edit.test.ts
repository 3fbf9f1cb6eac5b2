import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Document, parse } from 'yaml'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { systemPlatform } from '../platform/platform.ts'
import { addFallback, clearFallback, editConfig, removeFallback, setStrategy } from './edit.ts'

function write(text: string | Uint8Array): string {
  const path = join(temporaryHome(), 'config.yaml')
  writeFileSync(path, text)
  return path
}

async function edited(text: string, ...changes: ((document: Document) => void)[]): Promise<string> {
  const path = write(text)
  for (const change of changes) await editConfig(path, systemPlatform, change)
  return readFileSync(path, 'utf8')
}

describe('an edit changes one setting', () => {
  it.each([
    ['providers:\n  openai: { wire: responses }\n', { openai: { wire: 'responses', strategy: 'random' } }],
    ['providers:\n  openai: # mine\n  anthropic: {}\n', { openai: { strategy: 'random' }, anthropic: {} }],
    ['providers: # none yet\n', { openai: { strategy: 'random' } }],
    ['providers: {}\n', { openai: { strategy: 'random' } }],
    ['', { openai: { strategy: 'random' } }],
    ['# only this\n', { openai: { strategy: 'random' } }],
    ['~ # nothing\n', { openai: { strategy: 'random' } }],
  ])('a strategy, in %j', async (text, providers) => {
    const after = await edited(text, setStrategy('openai', 'random'))
    expect(parse(after)).toMatchObject({ providers })
    for (const comment of text.match(/# .*/g) ?? []) expect(after).toContain(comment)
  })

  it('the fallback chain: added once, at its end, removed, emptied', async () => {
    const text = await edited('', addFallback('openai/a'), addFallback('openai/b'), addFallback('openai/a'))
    expect(parse(text)).toEqual({ fallback: ['openai/a', 'openai/b'] })
    expect(parse(await edited(text, removeFallback('openai/a')))).toEqual({ fallback: ['openai/b'] })
    expect(parse(await edited(text, removeFallback('openai/a'), removeFallback('openai/b')))).toEqual({ fallback: [] })
    expect(parse(await edited(text, clearFallback()))).toEqual({ fallback: [] })
    expect(parse(await edited(text, clearFallback(), addFallback('openai/c')))).toEqual({ fallback: ['openai/c'] })
  })

  it.each([removeFallback('openai/x'), clearFallback(), setStrategy('openai', 'random')])(
    'and not a byte when there is nothing to change (%#)',
    async (change) => {
      const text = 'providers:\n     openai:   {   strategy:    random }\n\n\n\nlisten:   "127.0.0.1:1"\n'
      expect(await edited(text, change)).toBe(text)
    },
  )

  it.each([
    [
      'providers:\n    openai:\n        wire: messages\nfallback:\n    - openai/a\n',
      'providers:\n    openai:\n        wire: messages\n        strategy: random\nfallback:\n    - openai/a\n    - openai/b\n',
    ],
    [
      'providers:\n  openai: { wire: messages }\nfallback:\n- openai/a\n',
      'providers:\n  openai: { wire: messages, strategy: random }\nfallback:\n- openai/a\n- openai/b\n',
    ],
  ])('in the manner of the file: indentation, lists, line ends, byte order mark (%#)', async (before, after) => {
    const changes = [setStrategy('openai', 'random'), addFallback('openai/b')]
    expect(await edited(before, ...changes)).toBe(after)
    const windows = (text: string) => `\uFEFF# mine\n${text}`.replaceAll('\n', '\r\n')
    expect(await edited(windows(before), ...changes)).toBe(windows(after))
  })

  it('keeps every comment of any file', async () => {
    const comment = fc.stringMatching(/^[a-z0-9 :#{}[\]"'*&!|-]{0,30}$/)
    const change = fc.constantFrom(
      setStrategy('openai', 'random'),
      setStrategy('anthropic', 'random'),
      addFallback('openai/c'),
      removeFallback('openai/a'),
      removeFallback('openai/b'),
      clearFallback(),
    )
    const lines = [
      'listen: 127.0.0.1:1',
      'providers:',
      '  openai:',
      '    wire: messages',
      '  anthropic:',
      'fallback:',
      '  - openai/a',
      '  - openai/b',
      'store: sqlite',
    ]
    const places = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 9, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(
        comment,
        places,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (said, wanted, changes) => {
          let count = 0
          // Numbered, so that a comment that is written twice or goes missing is noticed.
          const next = () => `#${(count += 1)}: ${said}.`
          const text = lines.flatMap((line, index) => [
            ...(wanted[index]?.[0] ? [`${/^ */.exec(line)?.[0] ?? ''}${next()}`] : []),
            wanted[index]?.[1] ? `${line} ${next()}` : line,
          ])
          const after = await edited(`${text.join('\n')}\n${next()}\n`, ...changes)
          const found = [...after.matchAll(/#(\d+): (.*)\.$/gm)].map(([, number, words]) => [Number(number), words])
          expect(found.sort(([left], [right]) => Number(left) - Number(right))).toEqual(
            Array.from({ length: count }, (_, index) => [index + 1, said]),
          )
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('an edit that cannot be made leaves the file as it is', () => {
  it.each([
    ['a file with errors', 'listn: 1\n', clearFallback(), 'invalid'],
    ['a file that is no YAML', 'a: [\n', clearFallback(), 'invalid'],
    ['a strategy that nobody knows', '', setStrategy('openai', 'bogus'), 'invalid'],
    ['a name that is none', '', setStrategy('Not A Name', 'random'), 'invalid'],
    [
      'settings that two providers share',
      'providers: { openai: &x { strategy: random }, anthropic: *x }\n',
      setStrategy('anthropic', 'fill_first'),
      'invalid',
    ],
    [
      'settings that another provider borrows',
      'providers: { openai: &x { strategy: random }, anthropic: *x }\n',
      setStrategy('openai', 'fill_first'),
      'invalid',
    ],
    ['text that is not UTF-8', new Uint8Array([0x23, 0xe9, 0x0a]), setStrategy('openai', 'random'), 'unwritable'],
  ] as const)('%s', async (_what, text, change, code) => {
    const path = write(text)
    const before = readFileSync(path)
    await expect(editConfig(path, systemPlatform, change)).rejects.toMatchObject({ code })
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(dirname(path))).toEqual(['config.yaml'])
  })

  it('a file that its owner made read-only', async () => {
    const path = write('')
    chmodSync(path, 0o444)
    await expect(editConfig(path, systemPlatform, addFallback('openai/a'))).rejects.toMatchObject({
      code: 'unwritable',
    })
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  it('a home that is a file', async () => {
    const path = join(write(''), 'config.yaml')
    await expect(editConfig(path, systemPlatform, addFallback('openai/a'))).rejects.toMatchObject({
      code: 'unwritable',
    })
  })
})

describe('the file on disk', () => {
  it('begins with the schema named, for its owner only', async () => {
    const path = join(temporaryHome(), 'deep', 'config.yaml')
    await editConfig(path, systemPlatform, setStrategy('openai', 'random'))
    expect(readFileSync(path, 'utf8')).toMatch(/^# yaml-language-server: \$schema=/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
  })

  it('is not begun when there is nothing to write', async () => {
    const path = join(temporaryHome(), 'config.yaml')
    await editConfig(path, systemPlatform, clearFallback())
    expect(existsSync(path)).toBe(false)
  })

  it('keeps its mode, whatever the umask', async () => {
    const path = write('')
    chmodSync(path, 0o666)
    await editConfig(path, systemPlatform, addFallback('openai/a'))
    expect(statSync(path).mode & 0o777).toBe(0o666)
  })

  it('stays a link to where it is kept', async () => {
    const kept = write('listen: 127.0.0.1:1\n')
    const link = join(temporaryHome(), 'config.yaml')
    symlinkSync(kept, link)
    await editConfig(link, systemPlatform, addFallback('openai/a'))
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(kept, 'utf8')).toContain('openai/a')
  })

  it('loses no edit when many edit at once', async () => {
    const path = write('')
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => editConfig(path, systemPlatform, addFallback(`openai/model-${index}`))),
    )
    expect((parse(readFileSync(path, 'utf8')) as { fallback: string[] }).fallback).toHaveLength(12)
    expect(readdirSync(dirname(path))).toEqual(['config.yaml'])
  })
})

describe('the lock', () => {
  const startMs = 1_767_225_600_000

  it('of an editor that died is taken over, when it is old enough to be sure', async () => {
    const path = write('')
    writeFileSync(`${path}.lock`, 'somebody')
    utimesSync(`${path}.lock`, startMs / 1000, startMs / 1000)
    // Both sides of the moment: at 3000 ms the lock still counts, later it does not.
    const young = manualPlatform(startMs + 3000)
    const waits: number[] = []
    const patient = {
      ...young,
      timers: {
        ...young.timers,
        sleep: (ms: number) => {
          waits.push(ms)
          young.advance(ms)
          return Promise.resolve('elapsed' as const)
        },
      },
    }
    await editConfig(path, patient, addFallback('openai/a'))
    expect(waits).toEqual([20])
    expect(readFileSync(path, 'utf8')).toContain('openai/a')
    expect(readdirSync(dirname(path))).toEqual(['config.yaml'])
  })

  it('of an editor at work is waited for, but not for ever', async () => {
    const path = write('')
    writeFileSync(`${path}.lock`, 'somebody')
    utimesSync(`${path}.lock`, startMs / 1000 + 60, startMs / 1000 + 60)
    const platform = manualPlatform(startMs)
    const patient = {
      ...platform,
      timers: {
        ...platform.timers,
        sleep: (ms: number) => {
          platform.advance(ms)
          return Promise.resolve('elapsed' as const)
        },
      },
    }
    await expect(editConfig(path, patient, addFallback('openai/a'))).rejects.toMatchObject({ code: 'busy' })
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe('somebody')
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  it('that was lost while the machine slept ends the edit, not the other one', async () => {
    const path = write('')
    const change = (document: Document) => {
      writeFileSync(`${path}.lock`, 'somebody')
      addFallback('openai/a')(document)
    }
    await expect(editConfig(path, systemPlatform, change)).rejects.toMatchObject({ code: 'busy' })
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe('somebody')
    expect(readFileSync(path, 'utf8')).toBe('')
  })
})
