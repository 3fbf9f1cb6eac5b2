import { describe, expect, it } from 'vitest'
import { fixedEnvironment } from '../platform/environment.ts'
import { quotaJson, quotaLines } from './quota-bars.ts'
import { showsUnicode } from './shows-unicode.ts'
import { withPlainSigns } from './signs.ts'
import type { Terminal } from './terminal.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const READ = { source: 'header', readAtMs: NOW - 3 * MINUTE } as const
type Quota = Parameters<typeof quotaLines>[0]
const CODEX: Quota = {
  windows: [
    { name: '5h', usedPercent: 72, windowMinutes: 300, resetAt: NOW + 2 * HOUR + 10 * MINUTE, ...READ },
    { name: 'weekly', usedPercent: 100, windowMinutes: 10_080, resetAt: NOW + 76 * HOUR, ...READ },
  ],
}
const texts = (quota: Quota, columns: number) => quotaLines(quota, NOW, columns).map(({ text }) => text)

describe('quotaLines', () => {
  it('shows windows as bars with their reset, the source and its age', () => {
    expect(texts(CODEX, 120)).toEqual([
      '       5h      ▓▓▓▓▓▓▓░░░  72 % used, resets in 2 h 10 min (header, 3 min ago)',
      '       weekly  ▓▓▓▓▓▓▓▓▓▓  100 % used, resets in 3 d 4 h (header, 3 min ago)',
    ])
  })

  it('fits 80 columns: bars shrink first, then the source moves to a line of its own', () => {
    const long = { ...CODEX, windows: CODEX.windows.map((each) => ({ ...each, model: 'gpt-5.5-codex-mini-latest' })) }
    for (const columns of [80, 60, 40])
      for (const text of texts(long, columns)) expect(text.length).toBeLessThanOrEqual(columns)
    expect(texts(CODEX, 80)[0]).toBe('       5h      ▓▓▓▓▓▓▓░░░  72 % used, resets in 2 h 10 min (header, 3 min ago)')
    expect(texts(CODEX, 75)[0]).toBe('       5h      ▓▓▓▓░  72 % used, resets in 2 h 10 min (header, 3 min ago)')
    expect(texts(CODEX, 70)).toEqual([
      '       5h      ▓▓▓▓▓▓▓░░░  72 % used, resets in 2 h 10 min',
      '       weekly  ▓▓▓▓▓▓▓▓▓▓  100 % used, resets in 3 d 4 h',
      '       read from header, 3 min ago',
    ])
  })

  it.each([
    [0, '░░░░░░░░░░  0 % used', 'good'],
    [0.4, '▓░░░░░░░░░  0 % used', 'good'],
    [79.9, '▓▓▓▓▓▓▓▓░░  80 % used', 'good'],
    [80, '▓▓▓▓▓▓▓▓░░  80 % used', 'low'],
    [99.7, '▓▓▓▓▓▓▓▓▓░  99 % used', 'low'],
    [100, '▓▓▓▓▓▓▓▓▓▓  100 % used', 'used_up'],
    [130, '▓▓▓▓▓▓▓▓▓▓  130 % used', 'used_up'],
    [-5, '░░░░░░░░░░  -5 % used', 'good'],
  ] as const)(
    '%d %% used: full only when all is gone, and the words say what the colour says',
    (usedPercent, text, tone) => {
      const [line] = quotaLines({ ...CODEX, windows: [{ name: 'd', usedPercent, ...READ }] }, NOW, 120)
      expect(line?.text).toContain(`d  ${text} (header`)
      expect(line?.tone).toBe(tone)
    },
  )

  it('a reading from before the reset says nothing about now', () => {
    const window = { name: '5h', usedPercent: 100, ...READ }
    const [before] = quotaLines({ ...CODEX, windows: [{ ...window, resetAt: NOW + 1 }] }, NOW, 80)
    const [after] = quotaLines({ ...CODEX, windows: [{ ...window, resetAt: NOW }] }, NOW, 80)
    expect(before?.text).toContain('100 % used')
    expect(after).toMatchObject({
      tone: 'good',
      text: expect.stringContaining('░░░░░░░░░░  was reset since the last reading'),
    })
  })

  it('tells plan and credits, and lets no name move the cursor', () => {
    const quota: Quota = {
      ...CODEX,
      windows: [{ name: 'x\u001B[2J', usedPercent: 5, ...READ, source: 'usage' }],
      planType: 'pro',
      creditsBalance: 12.5,
    }
    expect(texts(quota, 120)).toEqual([
      '       x?[2J  ▓░░░░░░░░░  5 % used (usage endpoint, 3 min ago)',
      '       plan pro; credits 12.5',
    ])
    expect(texts({ ...CODEX, windows: [], planType: 'free' }, 80)).toEqual(['       plan free'])
  })

  it('has stable keys in JSON', () => {
    expect(quotaJson(undefined)).toBeNull()
    expect(quotaJson({ ...CODEX, windows: [{ name: '5h', usedPercent: 72, ...READ }] })).toEqual({
      windows: [
        {
          name: '5h',
          used_percent: 72,
          window_minutes: null,
          reset_at: null,
          model: null,
          source: 'header',
          read_at: '2026-11-25T11:57:00.000Z',
        },
      ],
      plan_type: null,
      credits_balance: null,
    })
  })
})

describe('signs', () => {
  it.each([
    [{}, true],
    [{ LANG: 'de_DE.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
    [{ LANG: 'C', LC_ALL: 'en_US.UTF-8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_CTYPE: 'POSIX' }, false],
    [{ LANG: 'en_US.UTF-8', TERM: 'linux' }, false],
  ] as const)('%j', (variables, unicode) => {
    expect(showsUnicode(fixedEnvironment(variables))).toBe(unicode)
  })

  it('have stand-ins of the same width', () => {
    const out: string[] = []
    const plain = withPlainSigns({ out: (text: string) => void out.push(text) } as unknown as Terminal)
    plain.out(texts(CODEX, 80)[0] ?? '')
    plain.out('✗ ● ○ ✓ … ä')
    expect(out).toEqual([
      '       5h      #######---  72 % used, resets in 2 h 10 min (header, 3 min ago)',
      'x * o + ~ ä',
    ])
  })
})
