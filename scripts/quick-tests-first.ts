import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Walk over every table and fixture, or play random histories: seconds for each mutant, most of which a test of milliseconds has killed before. */
const SLOW = /\/(?:words|rule-index|properties\/relay)\.test\.ts$/

/** The tests beside the files that are mutated: most mutants end there, and no other file has to be loaded. */
const OWN = new Set(
  (process.env['SPAREKEY_MUTATED'] ?? '').split(',').map((file) => file.replace(/\.ts$/, '.test.ts').split('/').at(-1)),
)

/** Tests of one thing before those of everything. Vitest's own order is the slowest first, which fits many processes and not one that stops at the first failure. */
export class QuickTestsFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      OWN.has(moduleId.split('/').at(-1)) ? 0 : SLOW.test(moduleId) ? 2 : 1
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b)))
  }
}
