import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A digest of every file of a home, to see that nothing was touched. @param leftOut names that may change */
export function homeDigests(home: string, leftOut: RegExp): Readonly<Record<string, string>> {
  const names = readdirSync(home).filter((name) => !leftOut.test(name))
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(home, name)))
        .digest('hex'),
    ]),
  )
}
