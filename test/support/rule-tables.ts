import { readdirSync, readFileSync } from 'node:fs'
import type { Evidence } from '../../src/failure/evidence.ts'
import type { Rule } from '../../src/failure/rule.ts'
import { COMMON_RULES } from '../../src/failure/rules.ts'

const PROVIDERS = new URL('../../src/providers/', import.meta.url)
export const FIXTURES = new URL('../fixtures/', import.meta.url)

/** One recorded failure: `test/fixtures/<table>/<what>.json`. */
export interface Fixture {
  readonly evidence: Omit<Evidence, 'seenAtMs'>
  readonly retryAfterMs?: number
  readonly resetAt?: number
  readonly quotaGroup?: string
}

/** Every table of rows by the name of its file, which is the name of its folder of fixtures. */
export const RULE_TABLES: Readonly<Record<string, readonly Rule[]>> = {
  ...Object.fromEntries(
    await Promise.all(
      readdirSync(PROVIDERS)
        .filter((file) => file.endsWith('.rules.ts'))
        .map(async (file) => {
          const exported = (await import(new URL(file, PROVIDERS).href)) as Readonly<Record<string, readonly Rule[]>>
          return [file.replace(/\.rules\.ts$/, ''), Object.values(exported)[0] ?? []] as const
        }),
    ),
  ),
  common: COMMON_RULES,
}

/** The rows that are tried before the common ones for a fixture of this table. */
export function ownRules(table: string): readonly Rule[] {
  return table === 'common' ? [] : (RULE_TABLES[table] ?? [])
}

export function readFixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8')) as Fixture
}
