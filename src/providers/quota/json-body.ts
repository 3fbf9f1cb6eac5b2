import { asRecord, type JsonRecord } from '../../failure/json-text.ts'

/**
 * The object that a usage endpoint answered.
 * @returns undefined for an error status (a refused probe says nothing about quota, 89415) and for anything that is no JSON object
 */
export function jsonBody(status: number, body: string): JsonRecord | undefined {
  if (status < 200 || status >= 300) return undefined
  try {
    return asRecord(JSON.parse(body))
  } catch {
    return undefined
  }
}

/** Elements of a list that are objects, at most `most` of them. */
export function recordsOf(value: unknown, most = 50): readonly JsonRecord[] {
  if (!Array.isArray(value)) return []
  return value
    .slice(0, most)
    .map(asRecord)
    .filter((each) => each !== undefined)
}
