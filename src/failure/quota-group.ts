import type { HeaderRecord } from './evidence.ts'
import type { FailureLabel } from './labels.ts'
import type { Layer } from './layers.ts'

const SHARED = new Set<FailureLabel>(['rate_limit', 'quota_exhausted', 'billing'])

/**
 * Who shares the limit, when the payload says so: keys of one organisation or project are empty together.
 * @returns `organization:org-...`, `project:...` or undefined
 */
export function quotaGroupOf(label: FailureLabel, layers: readonly Layer[], headers: HeaderRecord): string | undefined {
  if (!SHARED.has(label)) return undefined
  for (const { message } of layers) {
    const organization = /\bin organization `?(org[-_][\w-]{4,64})/i.exec(message)?.[1]
    const project = /\bin project `?(proj[-_][\w-]{4,64})/i.exec(message)?.[1]
    if (project !== undefined) return `project:${project}`
    if (organization !== undefined) return `organization:${organization}`
  }
  const named = headers['anthropic-organization-id']
  return named !== undefined && /^[\w-]{4,64}$/.test(named) ? `organization:${named}` : undefined
}
