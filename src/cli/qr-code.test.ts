import pico from 'picocolors'
import { encode } from 'uqr'
import { describe, expect, it } from 'vitest'
import { qrCode } from './qr-code.ts'

const LINK = 'https://auth.openai.com/codex/device'
const modules = encode(LINK, { ecc: 'L', border: 2 }).data

function terminal(more: { columns?: number; unicode?: boolean; color?: boolean } = {}) {
  return { columns: more.columns ?? 80, unicode: more.unicode ?? true, colors: pico.createColors(more.color ?? false) }
}

/** Reads the drawn blocks back. @param drawn what a filled block stands for */
function readBack(lines: readonly string[], drawn: 'dark' | 'light'): boolean[][] {
  return lines.flatMap((line) => {
    const blocks = line.replaceAll('\u001b[30;107m', '').replaceAll('\u001b[0m', '').padEnd(modules.length).split('')
    const half = (filled: string) => blocks.map((block) => filled.includes(block) === (drawn === 'dark'))
    return [half('▀█'), half('▄█')]
  })
}

describe('a QR code in the terminal', () => {
  it('fits 80 columns and 24 lines, and holds the link, dark on light', () => {
    const colored = qrCode(LINK, terminal({ color: true }))
    expect(colored.length).toBeLessThanOrEqual(18)
    expect(readBack(colored, 'dark').slice(0, modules.length)).toEqual(modules)
    for (const line of colored) expect(line.startsWith('\u001b[30;107m')).toBe(true)
    const plain = qrCode(LINK, terminal())
    expect(readBack(plain, 'light').slice(0, modules.length)).toEqual(modules)
  })

  it('is drawn with signs where there are no blocks, and left out where it does not fit', () => {
    const signs = qrCode(LINK, terminal({ unicode: false }))
    expect(signs.join('')).toMatch(/^[# ]+$/)
    expect(Math.max(...signs.map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect(qrCode(LINK, terminal({ columns: 30 }))).toEqual([])
    expect(qrCode(`${LINK}?${'x'.repeat(600)}`, terminal())).toEqual([])
  })
})
