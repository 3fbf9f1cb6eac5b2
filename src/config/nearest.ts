const LONGEST_WORD = 100

/** @returns the candidate that a mistyped word most likely meant, if one is near */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  // Half of a short word may not differ: everything of three letters is near everything else.
  let bestDistance = Math.min(Math.max(2, Math.floor(word.length / 3)), Math.floor((word.length - 1) / 2)) + 1
  for (const candidate of candidates) {
    // A model name of a megabyte, asked for by a client, must not hold up everybody else.
    if (Math.abs(word.length - candidate.length) >= Math.min(bestDistance, LONGEST_WORD)) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    row = next
  }
  return row[right.length] ?? 0
}
