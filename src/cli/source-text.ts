import { basename } from 'node:path'
import type { SecretSource } from '../pool/credential.ts'
import { printable } from './table.ts'

/** Where a secret comes from, for lists. Of a command only the program: its arguments are the user's own business. */
export function sourceText(source: SecretSource): string {
  switch (source.kind) {
    case 'env':
      return `env:${source.variable}`
    case 'file':
      return `file:${printable(source.path)}`
    case 'command':
      return `cmd:${printable(basename(source.argv[0] ?? ''))}`
    default:
      return 'stored'
  }
}
