const MASK = '[redacted]'

/** Shapes of secrets, whoever issued them. */
const SHAPES: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|hf|nvapi|gh[opsu]|glpat|r8|fw|csk|or)[-_](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{8,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,4}/g,
  /\bAIza[A-Za-z0-9_-]{20,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g,
  /(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /((?:^|[?&;\s"'{,])(?:api[-_]?key|access_token|refresh_token|id_token|client_secret|token|key|password|secret)["']?\s*[=:]\s*["']?)[^\s"'&;,}]{6,}/gi,
  /(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
]

/** Fields whose value is a secret whatever it looks like. */
const SECRET_FIELDS =
  /^(?:authorization|proxy-authorization|x-api-key|api-?key|api_key|x-goog-api-key|cookie|set-cookie|access_?token|refresh_?token|id_?token|token|secret|client_?secret|password)$/i

/** Removes secrets from text and plain data before anything is written anywhere (invariant I12). */
export class Redactor {
  readonly #known = new Set<string>()

  /** Makes a secret known, so that it is masked wherever and however it turns up. Short ones are left out: they would mask ordinary words. */
  add(secret: string): void {
    if (secret.length < 8) return
    this.#known.add(secret)
    this.#known.add(encodeURIComponent(secret))
    const base64 = Buffer.from(secret).toString('base64')
    this.#known.add(base64)
    this.#known.add(base64.replace(/=+$/, ''))
    this.#known.add(Buffer.from(secret).toString('base64url'))
    // As it stands inside JSON.
    this.#known.add(JSON.stringify(secret).slice(1, -1))
  }

  text(text: string): string {
    let clean = text
    // The longest first: a part must not be masked away from under the whole.
    for (const secret of [...this.#known].sort((left, right) => right.length - left.length))
      clean = clean.replaceAll(secret, MASK)
    for (const shape of SHAPES)
      clean = clean.replace(shape, (_match, before: unknown) => (typeof before === 'string' ? before + MASK : MASK))
    return clean
  }

  /** A copy of plain data without secrets; rings and depths beyond 12 are cut. */
  data(value: unknown): unknown {
    return this.#copy(value, 0)
  }

  #copy(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value !== 'object' || value === null) return value
    if (depth > 12) return '[deep]'
    if (value instanceof Error) return { name: value.name, message: this.text(value.message) }
    if (Array.isArray(value)) return value.map((each) => this.#copy(each, depth + 1))
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        this.text(key),
        SECRET_FIELDS.test(key) && each !== undefined && each !== null ? MASK : this.#copy(each, depth + 1),
      ]),
    )
  }
}
