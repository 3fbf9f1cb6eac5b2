import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const PAGE = new URL('../docs/mutation.md', import.meta.url)
const REPORT = new URL('../reports/mutation/mutation.json', import.meta.url)
const HEAD = `# Mutation scores

Written by \`npm run mutation\`. The share of changed lines that a test notices, file by file: a run over some files replaces their rows and leaves the others. A row names
the content that was measured (\`git hash-object <file>\`): when that differs, the file has changed since. A file without a row has not been measured. The goal of a room is 90 %.

| file | score | noticed | not noticed | content |
|---|---|---|---|---|
`

interface MutatedFile {
  readonly source: string
  readonly mutants: ReadonlyArray<{ readonly status: string }>
}

interface Report {
  readonly files: Readonly<Record<string, MutatedFile>>
}

/**
 * Puts the scores of Stryker's report into docs/mutation.md.
 * @param report address of the JSON report. @default that of the last run
 */
export function writeMutationPage(report: URL = REPORT): void {
  if (!existsSync(report)) return
  const rows = new Map<string, string>()
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''
  for (const line of page.split('\n')) {
    const file = /^\| (src\/\S+) \|/.exec(line)?.[1]
    if (file !== undefined) rows.set(file, line)
  }
  for (const [file, { mutants, source }] of Object.entries(
    (JSON.parse(readFileSync(report, 'utf8')) as Report).files,
  )) {
    const count = (...statuses: readonly string[]) => mutants.filter(({ status }) => statuses.includes(status)).length
    const [noticed, missed] = [count('Killed', 'Timeout'), count('Survived', 'NoCoverage')]
    if (noticed + missed === 0) continue
    const score = ((100 * noticed) / (noticed + missed)).toFixed(2)
    rows.set(file, `| ${file} | ${score} % | ${noticed} | ${missed} | ${contentOf(source)} |`)
  }
  const sorted = [...rows].sort(([left], [right]) => left.localeCompare(right)).map(([, line]) => line)
  writeFileSync(PAGE, `${HEAD}${sorted.join('\n')}\n`)
}

/** As git names a content: it outlives every rewriting of commits. */
function contentOf(source: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(source)}\0${source}`)
    .digest('hex')
    .slice(0, 10)
}

const [, self, report] = process.argv
if (self !== undefined && import.meta.url === pathToFileURL(self).href)
  writeMutationPage(report === undefined ? REPORT : pathToFileURL(report))
