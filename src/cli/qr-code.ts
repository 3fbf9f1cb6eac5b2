import { encode } from 'uqr'
import type { Terminal } from './terminal.ts'

/** Quiet modules around the code: scanners need some light. */
const BORDER = 2
const BLACK_ON_WHITE = '\u001b[30;107m'
const PLAIN = '\u001b[0m'

/**
 * Draws a link as a QR code in half blocks, or in `##` where a terminal has none.
 * @returns no lines when it is wider than the terminal
 */
export function qrCode(link: string, terminal: Pick<Terminal, 'columns' | 'unicode' | 'colors'>): readonly string[] {
  const { data: dark } = encode(link, { ecc: 'L', border: BORDER })
  const width = dark.length * (terminal.unicode ? 1 : 2)
  if (width > terminal.columns) return []
  if (!terminal.unicode)
    return dark.map((row) =>
      row
        .map((isDark) => (isDark ? '  ' : '##'))
        .join('')
        .trimEnd(),
    )
  const colored = terminal.colors.isColorSupported
  const lines: string[] = []
  for (let y = 0; y < dark.length; y += 2) {
    // Without colors the light modules are drawn: most terminals are dark, and scanners want dark on light.
    const shows = (isDark: boolean | undefined) => (colored ? isDark === true : isDark === false)
    const line = (dark[y] ?? [])
      .map((upper, x) => BLOCKS[shows(upper) ? 1 : 0][shows(dark[y + 1]?.[x] ?? (colored ? false : undefined)) ? 1 : 0])
      .join('')
    lines.push(colored ? `${BLACK_ON_WHITE}${line}${PLAIN}` : line.trimEnd())
  }
  return lines
}

const BLOCKS = [
  [' ', '▄'],
  ['▀', '█'],
] as const
