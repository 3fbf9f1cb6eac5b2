/** Puts an entry behind all others, in order of use; what was used longest ago goes when there are more than `most`. */
export function putNewest<V>(entries: Map<string, V>, key: string, value: V, most: number): void {
  entries.delete(key)
  entries.set(key, value)
  if (entries.size <= most) return
  for (const oldest of entries.keys()) {
    entries.delete(oldest)
    break
  }
}
