import { checkForm, checkGlobals } from './check-habits.ts'
import { checkCycles, checkImports } from './check-imports.ts'
import { parseSource } from './source.ts'

export interface Complaint {
  /** Relative to `src/`. */
  readonly file: string
  readonly line: number
  readonly says: string
}

/** Judges the files of `src/` (path -> text, tests left out) by the table and the habits of the house. */
export function checkHouse(files: ReadonlyMap<string, string>): Complaint[] {
  const sources = [...files]
    .filter(([path]) => !path.endsWith('.test.ts'))
    .map(([path, text]) => parseSource(path, text))
  return [
    ...sources.flatMap((source) => [...checkImports(source), ...checkForm(source), ...checkGlobals(source)]),
    ...checkCycles(sources),
  ]
}
