import type { Environment } from '../platform/environment.ts'
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

/**
 * Whether the terminal shows more than ASCII: unless the locale names another encoding, or it is the Linux console.
 * A locale that is not set at all says nothing: containers have none, and their terminals read UTF-8.
 */
export function showsUnicode(environment: Environment): boolean {
  if (environment.read('TERM') === 'linux') return false
  const locale = environment.read('LC_ALL') ?? environment.read('LC_CTYPE') ?? environment.read('LANG')
  return locale === undefined || /utf-?8/i.test(locale)
}

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
