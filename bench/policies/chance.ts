import { type Random, seededRandom } from '../../src/platform/random.ts'

/** Seeded chance. Each matter has a stream of its own, so that a policy that asks more often does not change the weather. */
export class Chance {
  readonly #random: Random
  readonly #name: string

  private constructor(name: string) {
    this.#name = name
    this.#random = seededRandom(hashOf(name))
  }

  static of(...parts: ReadonlyArray<string | number>): Chance {
    return new Chance(parts.join('/'))
  }

  /** An independent stream; the same parts give the same stream. */
  fork(...parts: ReadonlyArray<string | number>): Chance {
    return Chance.of(this.#name, ...parts)
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.#random.next()
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  /** @param spread sigma of the logarithm: 1 means that one in six is longer than e times the median */
  logNormal(median: number, spread: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
    return median * Math.exp(spread * normal)
  }

  /** One name, by weight. */
  pick<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries<number>(weights) as Array<[Name, number]>
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    return (entries.at(-1) as [Name, number])[0]
  }
}

/** FNV-1a, 32 bit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
