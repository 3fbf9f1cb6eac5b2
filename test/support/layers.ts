import type { Evidence } from '../../src/failure/evidence.ts'
import { type Layer, readLayers } from '../../src/failure/layers.ts'

/** Layers of a body (text as it is, anything else as JSON), innermost first. */
export function layers(body: unknown, change: Partial<Evidence> = {}): readonly Layer[] {
  return readLayers({
    channel: 'http',
    provider: 'x',
    api: 'responses',
    headers: {},
    seenAtMs: 0,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...change,
  })
}

/** The layer that decides. */
export const innermost = (body: unknown) => layers(body)[0]
/** Layers of an exception without a body. */
export const thrown = (error: Evidence['error']) => layers(undefined, error === undefined ? {} : { error })
