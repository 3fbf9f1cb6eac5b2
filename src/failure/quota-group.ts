import type { HeaderRecord } from './evidence.ts'
import type { FailureLabel } from './labels.ts'
import { asRecord, type JsonRecord } from './json-text.ts'
import type { Layer } from './layers.ts'

const SHARED = new Set<FailureLabel>(['rate_limit', 'quota_exhausted', 'billing'])

/** What stands before each of the names: most sentences have none. */
const NAMED = /\b(?:for team|in organization|in project) /i

/**
 * Who shares the limit, when the payload says so: keys of one organisation or project are empty together.
 * @returns `organization:org-...`, `project:...`, `team:...` or undefined
 */
export function quotaGroupOf(label: FailureLabel, layers: readonly Layer[], headers: HeaderRecord): string | undefined {
  if (!SHARED.has(label)) return undefined
  for (const { message, object } of layers) {
    const consumer = googleConsumer(object)
    if (consumer !== undefined) return `project:${consumer}`
    if (!NAMED.test(message)) continue
    const team = /\bfor team ([\w-]{4,64}) and model\b/i.exec(message)?.[1]
    if (team !== undefined) return `team:${team}`
    const organization = /\bin organization `?(org[-_][\w-]{4,64})/i.exec(message)?.[1]
    const project = /\bin project `?(proj[-_][\w-]{4,64})/i.exec(message)?.[1]
    if (project !== undefined) return `project:${project}`
    if (organization !== undefined) return `organization:${organization}`
  }
  const named = headers['anthropic-organization-id']
  return named !== undefined && /^[\w-]{4,64}$/.test(named) ? `organization:${named}` : undefined
}

/** Google counts by project, and says which in the details: `projects/123456`. */
function googleConsumer(object: JsonRecord | undefined): string | undefined {
  const details = object?.['details']
  if (!Array.isArray(details)) return undefined
  for (const detail of details.slice(0, 20)) {
    const consumer = asRecord(asRecord(detail)?.['metadata'])?.['consumer']
    const project = typeof consumer === 'string' ? /^projects\/([\w-]{1,64})$/.exec(consumer)?.[1] : undefined
    if (project !== undefined) return project
  }
  return undefined
}
