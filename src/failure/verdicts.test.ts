import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FIXTURES, ownRules, readFixture } from '../../test/support/rule-tables.ts'
import { classify } from './classify.ts'

const SEEN_AT_MS = Date.UTC(2026, 2, 1)

/** Everything that a verdict says, not only its label: a change of any sentence, time or scope shows in the diff of the snapshot. */
it.each(readdirSync(FIXTURES).sort())('whole verdicts of the fixtures of %s', (table) => {
  const files = readdirSync(new URL(`${table}/`, FIXTURES)).sort()
  const verdicts = files.map((file) => {
    const name = `${table}/${file.replace(/\.json$/, '')}`
    const { evidence: _seen, ...verdict } = classify(
      { ...readFixture(name).evidence, seenAtMs: SEEN_AT_MS },
      ownRules(table),
    )
    return [name, verdict]
  })
  expect(Object.fromEntries(verdicts)).toMatchSnapshot()
})
