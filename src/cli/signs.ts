import type { Terminal } from './terminal.ts'

/** Signs of ours, each with a stand-in of the same width: a layout stays as it is. */
const STAND_INS: Readonly<Record<string, string>> = {
  '●': '*',
  '○': 'o',
  '✓': '+',
  '✗': 'x',
  '…': '~',
  '▓': '#',
  '░': '-',
  '│': '|',
}
const OURS = new RegExp(`[${Object.keys(STAND_INS).join('')}]`, 'gu')

/** The same terminal, with our signs in ASCII. */
export function withPlainSigns(terminal: Terminal): Terminal {
  const plain = (text: string) => text.replace(OURS, (sign) => STAND_INS[sign] ?? sign)
  const { screen } = terminal
  return {
    ...terminal,
    out: (text) => terminal.out(plain(text)),
    err: (text) => terminal.err(plain(text)),
    ...(screen === undefined ? {} : { screen: { ...screen, write: (text) => screen.write(plain(text)) } }),
  }
}
