import { basename, dirname } from 'node:path/posix'
import type { Complaint } from './check.ts'
import type { Import, Source } from './source.ts'
import { type Row, SHARED_UNDERSCORE_FILES, TABLE } from './table.ts'

/** Every import that the table does not allow. */
export function checkImports(source: Source): Complaint[] {
  const row = TABLE[source.room]
  if (row === undefined) {
    return [{ file: source.path, line: 1, says: `room ${source.room} has no row in test/architecture/table.ts` }]
  }
  return source.imports.flatMap((each) => {
    const says = objection(source, row, each)
    return says === undefined ? [] : [{ file: source.path, line: each.line, says }]
  })
}

/** Files that import themselves by way of others, each cycle once. */
export function checkCycles(sources: readonly Source[]): Complaint[] {
  const byId = new Map(sources.map((source) => [source.id, source]))
  const done = new Set<string>()
  const complaints: Complaint[] = []
  const walk = (source: Source, trail: readonly string[]) => {
    const start = trail.indexOf(source.id)
    if (start >= 0) {
      const loop = [...trail.slice(start), source.id]
      complaints.push({ file: source.path, line: 1, says: `import cycle: ${loop.join(' -> ')}` })
      return
    }
    if (done.has(source.id)) return
    for (const { target } of source.imports) {
      const next = target === undefined ? undefined : byId.get(target)
      if (next !== undefined) walk(next, [...trail, source.id])
    }
    done.add(source.id)
  }
  for (const source of sources) walk(source, [])
  return complaints
}

function objection(source: Source, row: Row, each: Import): string | undefined {
  const { target, specifier } = each
  if (target === undefined) {
    return row.pure ? `${source.room} is pure and imports no packages: ${specifier}` : undefined
  }
  if (target.startsWith('..')) return `import leaves src/: ${specifier}`
  if (target.endsWith('.test')) return `import of a test: ${specifier}`
  if (
    basename(target).startsWith('_') &&
    dirname(target) !== dirname(source.id) &&
    !SHARED_UNDERSCORE_FILES.includes(target)
  ) {
    return `${target} is private to its folder`
  }
  const room = target.includes('/') ? target.slice(0, target.indexOf('/')) : '.'
  if (room === source.room) {
    // Rows are data: providers of one family (`gemini`, `vertex`) share a table.
    if (target.endsWith('.rules')) return undefined
    const bound = row.inside !== undefined && !basename(source.id).startsWith('_')
    return bound && !row.inside.some((each) => (each.endsWith('/') ? target.startsWith(each) : target === each))
      ? `a file of ${room} may import only ${row.inside.join(', ')} of its own room, not ${target}`
      : undefined
  }
  if (covers(row.runtime, room, target)) return undefined
  if (!covers(row.types, room, target)) return `${source.room} may not import ${target}`
  return each.typeOnly ? undefined : `${source.room} may import only types of ${target}: write \`import type\``
}

function covers(allowed: readonly string[], room: string, target: string): boolean {
  return allowed.includes('*') || allowed.includes(room) || allowed.includes(target)
}
