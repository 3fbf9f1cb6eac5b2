/** Shapes of secrets that providers quote in their errors. `telemetry/redact.ts` knows the stored ones as well. */
const PREFIXED = /\b(?:sk|pk|rk|gsk|xai|key|hf|nvapi|ghp|gho|ghu|ghs|glpat|r8|fw|csk|tok)[-_][A-Za-z0-9_\-*.]{6,}/g

/** Each behind what it cannot do without: to look back from every character of a sentence cost more than its verdict. */
const SECRET_SHAPES: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [/eyJ/, /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g],
  [/AIza/, /\bAIza[A-Za-z0-9_-]{20,}/g],
  [/AKIA/, /\bAKIA[A-Z0-9]{12,}/g],
  [/bearer/i, /(?<=\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi],
  [/[?&]/, /(?<=[?&](?:key|api_key|token|access_token)=)[^&\s"']+/gi],
]

/** A machine code as most are: nothing in it can be a secret. */
const PLAIN_CODE = /^[a-z]+(?:[-_][a-z]+)*\.?$/

/** Masks what looks like a secret in a provider's sentence. Machine codes such as `key_model_access_denied` pass. */
export function redactMessage(text: string): string {
  if (PLAIN_CODE.test(text)) return text
  let clean = text.replace(PREFIXED, (match) => (PLAIN_CODE.test(match) ? match : '[redacted]'))
  for (const [hint, shape] of SECRET_SHAPES) if (hint.test(clean)) clean = clean.replace(shape, '[redacted]')
  return clean
}
