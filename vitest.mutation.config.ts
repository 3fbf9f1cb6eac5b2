import { defineConfig, mergeConfig } from 'vitest/config'
import { testsOf } from './scripts/mutation-rooms.ts'
import { QuickTestsFirst } from './scripts/quick-tests-first.ts'
import everyday from './vitest.config.ts'

const rooms = (process.env['SPAREKEY_MUTATION_ROOMS'] ?? 'failure').split(',')

/** What `npm run mutation` runs against every mutant: the tests that are about the room, without those that measure. */
export default mergeConfig(
  { ...everyday, test: { ...everyday.test, include: [] } },
  defineConfig({
    test: {
      include: testsOf(rooms),
      sequence: { sequencer: QuickTestsFirst },
      // A process for every file and mutant would be most of the cost; these tests share nothing.
      isolate: false,
      // Random and huge input is for sound code: against a thousand mutants it would cost hours, and a mutant that only luck kills is not killed.
      testNamePattern: /^(?!.*(?:10 MB|bounded time|unknown fields|never throws|words of the user|mutilated)).*$/s,
    },
  }),
)
