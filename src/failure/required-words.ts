/** What is known of a piece of a pattern: words of which every match holds at least one, or nothing. */
type Words = readonly string[] | undefined

/** Shorter words stand in every sentence: to look for them saves nothing. */
const SHORTEST_WORD = 3

/**
 * Words of which a text must hold at least one for the pattern to match, read from the pattern's own source.
 * Whatever is not understood counts as nothing known: the answer may be too careful, never wrong.
 * @returns undefined when there are none of at least 3 characters
 */
export function requiredWords(pattern: RegExp): readonly string[] | undefined {
  const reader = new Reader(pattern.source)
  const words = reader.alternatives()
  return reader.lost ? undefined : words?.map((word) => word.toLowerCase())
}

/** Reads a pattern from left to right; every method leaves `at` behind what it has read. */
class Reader {
  /** True when something was met that is not understood. */
  lost = false
  private readonly source: string
  private at = 0

  constructor(source: string) {
    this.source = source
  }

  private atEnd(): boolean {
    return this.at >= this.source.length
  }

  /** One alternative without a word makes all of them worthless. */
  alternatives(): Words {
    let all: string[] | undefined = []
    for (;;) {
      const words = this.sequence()
      all = words === undefined || all === undefined ? undefined : [...all, ...words]
      if (this.source[this.at] !== '|') return all
      this.at += 1
    }
  }

  /** Of all that must stand in a sequence, what is longest and so rarest. */
  private sequence(): Words {
    let best: Words
    let run = ''
    const close = () => {
      if (run.length >= SHORTEST_WORD) best = better(best, [run])
      run = ''
    }
    while (!this.atEnd() && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      const piece = this.piece()
      const repeated = this.repetition()
      if (piece.kind === 'nothing') continue
      if (piece.kind === 'character' && repeated === 'once') {
        run += piece.character
        continue
      }
      // `ab+c` holds `ab`; what may be missing, or is any of a class, only ends the word before it.
      if (piece.kind === 'character' && repeated === 'often') run += piece.character
      close()
      if (piece.kind === 'group' && repeated !== 'perhaps') best = better(best, piece.words)
    }
    close()
    return best
  }

  private piece(): Piece {
    const character = this.source[this.at] ?? ''
    this.at += 1
    if (character === '(') return this.group()
    if (character === '[') return this.characterClass()
    if (character === '\\') return this.escape()
    if (character === '^' || character === '$') return NOTHING
    return character === '.' ? ANY : { kind: 'character', character }
  }

  private group(): Piece {
    const opening = /^\?(?:<?[=!]|:)/.exec(this.source.slice(this.at, this.at + 3))?.[0] ?? ''
    // Named groups and flags of a group are not spoken here.
    if (opening === '' && this.source[this.at] === '?') return this.giveUp()
    this.at += opening.length
    const words = this.alternatives()
    this.at += 1
    // What only looks ahead or back is no part of the match.
    return opening === '' || opening === '?:' ? { kind: 'group', words } : NOTHING
  }

  private characterClass(): Piece {
    while (!this.atEnd() && this.source[this.at] !== ']') this.at += this.source[this.at] === '\\' ? 2 : 1
    this.at += 1
    return ANY
  }

  private escape(): Piece {
    const character = this.source[this.at] ?? ''
    this.at += 1
    if (/[bB]/.test(character)) return NOTHING
    if (/[dDwWsSnrtfv]/.test(character)) return ANY
    // Code points, properties and references back have more characters than one.
    return /[a-z0-9]/i.test(character) ? this.giveUp() : { kind: 'character', character }
  }

  private repetition(): 'once' | 'often' | 'perhaps' {
    const sign = /^(?:[?*+]|\{(\d+)(?:,\d*)?\})\??/.exec(this.source.slice(this.at, this.at + 12))
    if (sign === null) return 'once'
    this.at += sign[0].length
    return sign[0].startsWith('+') || Number(sign[1] ?? 0) > 0 ? 'often' : 'perhaps'
  }

  private giveUp(): Piece {
    this.at = Number.POSITIVE_INFINITY
    this.lost = true
    return ANY
  }
}

type Piece =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'group'; readonly words: Words }
  | { readonly kind: 'any' }
  | { readonly kind: 'nothing' }

const ANY: Piece = { kind: 'any' }
const NOTHING: Piece = { kind: 'nothing' }

function better(one: Words, other: Words): Words {
  if (one === undefined || other === undefined) return one ?? other
  const [left, right] = [shortest(one), shortest(other)]
  return right > left || (right === left && other.length < one.length) ? other : one
}

function shortest(words: readonly string[]): number {
  return words.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY)
}
