// Sums Vitest's JSON reports: node .ci/sum-reports.mjs <other failures> <report.json ...>
// Prints `N passed, N failed` (and `, N skipped` if there are any).
import { existsSync, readFileSync } from 'node:fs'

const [otherFailures, ...paths] = process.argv.slice(2)
let passed = 0
let failed = Number(otherFailures)
let skipped = 0
for (const path of paths.filter((each) => existsSync(each))) {
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    continue // cut off while it was written: the run itself was counted as a failure
  }
  passed += report.numPassedTests
  failed += report.numFailedTests
  skipped += report.numPendingTests + report.numTodoTests
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
