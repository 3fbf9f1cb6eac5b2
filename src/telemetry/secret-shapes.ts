/**
 * What stands before a secret: not a letter or digit, unless these belong to an escape. In `\nsk-...` inside JSON and in `%20sk-...`
 * inside a URL the character before the secret looks like a part of a word.
 */
const BEGIN = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2}))`
/** A quote as it stands in JSON, in JSON inside JSON, and so on. */
const QUOTE = String.raw`(?:\\*["'])`
const SPACE = String.raw`(?:[ \t]|%20|\+)`
const ASSIGN = String.raw`${QUOTE}?[ \t]*(?:[=:]|%3[AaDd]|=>)${SPACE}*`
const SCHEME = `(?:(?:Bearer|Basic|Token|ApiKey)${SPACE}+)`
/** Masked already, up to the end of its line or string. */
const DONE = String.raw`\[redacted\](?:["'\r\n\\]|$)`
/** The end of a name is enough (`x-api-key`, `access_token`): what stands before it is kept anyway. */
const SECRET_NAME = '(?:api[-_]?key|token|secret|password|passwd|passphrase|private[-_]?key|code[-_]?verifier)'

interface Shape {
  readonly find: RegExp
  /** What is kept of a match; the rest is masked. @default nothing */
  readonly keep?: (match: readonly string[]) => string
}

const first = (match: readonly string[]) => match[1] ?? ''

/** Shapes of secrets, whoever issued them. */
const SHAPES: readonly Shape[] = [
  // Prefixed keys. A digit, or length, tells them from hyphenated words.
  { find: pattern(`${BEGIN}(?:sk|pk|rk)[-_](?=[A-Za-z0-9_-]{0,200}\\d)[A-Za-z0-9_-]{8,}`) },
  { find: pattern(`${BEGIN}sk-[A-Za-z0-9_-]{12,}`) },
  { find: pattern(`${BEGIN}(?:gsk_|hf_|fw_|r8_|csk-|glpat-|gh[oprsu]_|github_pat_|xox[abeoprs]-)[A-Za-z0-9_-]{12,}`) },
  { find: pattern(`${BEGIN}(?:xai-|nvapi-|AIza|ya29\\.)[A-Za-z0-9_-]{20,}`) },
  { find: pattern(`${BEGIN}(?:AKIA|ASIA)[A-Z0-9]{12,}`) },
  // JWTs; the encrypted ones have five parts, of which the second is empty.
  { find: pattern(`${BEGIN}eyJ[A-Za-z0-9_-]{8,}(?:\\.{1,2}[A-Za-z0-9_-]+){0,4}`) },
  { find: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g },
  // Masked to the end of the line or string: every part of a cookie can be the session, and schemes may be of anybody's making.
  {
    find: pattern(String.raw`(cookie2?${ASSIGN}${QUOTE}?)(?!${SPACE}*${DONE})[^\r\n"'\\]{4,}`, 'gi'),
    keep: first,
  },
  {
    find: pattern(
      String.raw`(authorization${ASSIGN}${QUOTE}?${SCHEME}?)(?!${SPACE}*${SCHEME}?${DONE})[^\r\n"'\\]{6,}`,
      'gi',
    ),
    keep: first,
  },
  { find: pattern(String.raw`(${BEGIN}(?:Bearer|Basic)${SPACE}+)[A-Za-z0-9._~+/=%-]{8,}`, 'gi'), keep: first },
  // A quoted value is masked as a whole, spaces included; a bare one up to the next separator.
  {
    find: pattern(String.raw`(${SECRET_NAME}${ASSIGN}(\\*["']))(?!\[redacted\])(?:(?!\2)[^\r\n]){6,4096}(?=\2)`, 'gi'),
    keep: first,
  },
  {
    find: pattern(String.raw`(${SECRET_NAME}${ASSIGN})(?!\[redacted\])[^\s"'&;,}\\]{6,}`, 'gi'),
    keep: first,
  },
  // `key=`, `sig=` and `code=` are words like any other outside a query string.
  {
    find: /([?&](?:key|sig|signature|x-amz-signature|auth|session|sid|jwt)=)(?!\[redacted\])[^\s"'&;,}\\#]{6,}/gi,
    keep: first,
  },
  { find: /([?&]code=)(?!\[redacted\])[^\s"'&;,}\\#]{16,}/gi, keep: first },
  { find: /(:\/\/[^\s/:@"']*:)(?!\[redacted\])[^\s/@"']+(?=@)/g, keep: first },
]

/** Replaces everything that is shaped like a secret. What a secret belongs to (a header's or a parameter's name) stays readable. */
export function maskShapes(text: string, mask: string): string {
  let clean = text
  for (const { find, keep } of SHAPES)
    clean = clean.replace(find, (...match: string[]) => (keep === undefined ? mask : keep(match) + mask))
  return clean
}

function pattern(source: string, flags = 'g'): RegExp {
  return new RegExp(source, flags)
}
