/** What Stryker changes in a room, and the tests that have to notice. */
interface MutationRoom {
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

const ROOMS: Readonly<Record<string, MutationRoom>> = {
  failure: {
    mutate: [
      'src/failure/*.ts',
      '!src/failure/*.test.ts',
      // Tables: without a row its fixture stands alone, and `rules.test.ts` fails for it.
      '!src/failure/rules-*.ts',
      '!src/failure/labels.ts',
    ],
    // `rules.test.ts` is about rows; what it says of their fixtures, `verdicts.test.ts` says in full and faster.
    tests: ['src/failure/!(rules).test.ts', 'test/properties/classify.test.ts'],
  },
  recovery: {
    mutate: ['src/recovery/*.ts', '!src/recovery/*.test.ts'],
    tests: ['src/recovery/**/*.test.ts'],
  },
  pool: {
    mutate: ['src/pool/*.ts', '!src/pool/*.test.ts', '!src/pool/*-contract.ts'],
    // Of the regressions those that need the pool alone. Not the random histories of `test/properties`: they cost seconds for each mutant,
    // and what nothing else notices has no test that says what broke.
    tests: ['src/pool/**/*.test.ts', 'test/regressions/*-{14631,16486,79156,84711}.test.ts'],
  },
}

/** Names of the rooms that can be mutated. */
export const MUTATION_ROOMS = Object.keys(ROOMS)

/** Patterns of the files that are changed. */
export function mutatedBy(rooms: readonly string[]): readonly string[] {
  return rooms.flatMap((room) => ROOMS[room]?.mutate ?? [])
}

/** Patterns of the tests that must fail. */
export function testsOf(rooms: readonly string[]): string[] {
  return rooms.flatMap((room) => ROOMS[room]?.tests ?? [])
}
