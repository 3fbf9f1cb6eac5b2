/** A parsed JSON object of unknown shape: providers add and omit fields as they like. */
export type JsonObject = Readonly<Record<string, unknown>>

/** @returns undefined when the text is not a JSON object */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A list with each item changed. @returns the very same list when every item stays what it was */
export function mapped<T>(list: readonly T[], change: (item: T, index: number) => T): readonly T[] {
  const changed = list.map(change)
  return changed.some((each, index) => each !== list[index]) ? changed : list
}
