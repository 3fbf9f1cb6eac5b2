/** The wanted label, or the first of `wanted-2`, `wanted-3`, ... that nobody has. */
export function freeLabel(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted
  for (let number = 2; ; number += 1) if (!taken.includes(`${wanted}-${number}`)) return `${wanted}-${number}`
}
