import { type Column, COLUMNS, type Sum } from './columns.ts'

/** An aligned Markdown table: a row for each policy, `*` at the best of each judged column, and at its equals. */
export function tableOf(rows: ReadonlyArray<{ readonly name: string; readonly sum: Sum }>): string {
  const best = COLUMNS.map((column) =>
    bestOf(
      column,
      rows.map(({ sum }) => shown(column, sum)),
    ),
  )
  const lines = [
    ['policy', ...COLUMNS.map(({ name }) => name)],
    ...rows.map(({ name, sum }) => [
      name,
      ...COLUMNS.map((column, index) => {
        const value = shown(column, sum)
        if (value === undefined) return '-'
        return value.toFixed(column.digits) + (value === best[index] ? ' *' : '')
      }),
    ]),
  ]
  const widths = lines[0]?.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0))) ?? []
  const text = ([first = '', ...rest]: readonly string[]) =>
    `| ${[first.padEnd(widths[0] ?? 0), ...rest.map((cell, index) => cell.padStart(widths[index + 1] ?? 0))].join(' | ')} |`
  const rule = `|${widths.map((width, index) => (index === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const [head = [], ...body] = lines
  return [text(head), rule, ...body.map(text)].join('\n')
}

/** What is shown is what is compared: a difference that rounds away makes nobody the best. */
export function shown(column: Column, sum: Sum): number | undefined {
  const value = column.value(sum)
  return value === undefined ? undefined : Number(value.toFixed(column.digits))
}

export function bestOf({ better }: Column, values: ReadonlyArray<number | undefined>): number | undefined {
  const known = values.filter((value) => value !== undefined)
  if (better === 'neither' || known.length === 0) return undefined
  return better === 'more' ? Math.max(...known) : Math.min(...known)
}
