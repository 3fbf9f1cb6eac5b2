import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Walk over every table and fixture: seconds for each mutant, most of which a test of milliseconds has killed before. */
const SLOW = /\/(?:words|rule-index)\.test\.ts$/

/** Tests of one thing before those of everything. Vitest's own order is the slowest first, which fits many processes and not one that stops at the first failure. */
export class QuickTestsFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.test(moduleId)
    return Promise.resolve([...files.filter((file) => !isSlow(file)), ...files.filter(isSlow)])
  }
}
