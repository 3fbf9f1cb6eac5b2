type Kind = 'upper' | 'lower' | 'digit' | 'blank' | 'line' | 'sign' | 'wide' | 'half' | 'other'

/** What a run of one kind costs in tokens, by its length. */
const COST: Readonly<Record<Kind, (length: number) => number>> = {
  upper: (length) => (length <= 3 ? 1 : length / 4),
  // A word is mostly one token; long ones are pieces.
  lower: (length) => (length <= 7 ? 1 : length <= 12 ? 1.5 : length / 4),
  digit: (length) => Math.ceil(length / 3),
  // The blank before a word belongs to it.
  blank: (length) => (length === 1 ? 0 : Math.ceil(length / 16)),
  line: () => 0.6,
  // `":{"` is mostly one token.
  sign: (length) => (length <= 1 ? 0.8 : length <= 4 ? 1.1 : 1.1 + (length - 4) / 12),
  // Chinese, Japanese, Korean.
  wide: (length) => length,
  // Halves of signs beyond the first plane, emoji for instance.
  half: (length) => length,
  // Cyrillic, Greek, Arabic and others.
  other: (length) => length / 2.5,
}

/**
 * About how many tokens a text has, without any vendor's vocabulary: counted in words, numbers, signs and scripts. Measured against o200k and Anthropic's
 * published tokenizer (2026-11): 15 % too few to 8 % too many for English prose, Markdown, program text and JSON; other languages and random letters
 * up to a third too few or 56 % too many.
 */
export function estimateTokens(text: string): number {
  const end = text.length
  let tokens = 0
  let from = 0
  let kind: Kind | undefined
  for (let at = 0; at < end; at += 1) {
    const next = kindOf(text.charCodeAt(at))
    if (next === kind) continue
    // "Word" is one word: its capital does not count by itself.
    if (kind === 'upper' && next === 'lower' && at - from <= 1) {
      kind = next
      continue
    }
    if (kind !== undefined) tokens += COST[kind](at - from)
    kind = next
    from = at
  }
  return kind === undefined ? tokens : tokens + COST[kind](end - from)
}

function kindOf(code: number): Kind {
  if (code < 0x80) {
    if (code >= 0x61 && code <= 0x7a) return 'lower'
    if (code >= 0x41 && code <= 0x5a) return 'upper'
    if (code >= 0x30 && code <= 0x39) return 'digit'
    if (code === 0x20 || code === 0x09) return 'blank'
    return code === 0x0a || code === 0x0d ? 'line' : 'sign'
  }
  if (code >= 0xc0 && code < 0x250) return 'lower'
  if (code >= 0xd800 && code < 0xe000) return 'half'
  return code >= 0x2e80 ? 'wide' : 'other'
}
