/** Shapes of secrets that providers quote in their errors. `telemetry/redact.ts` knows the stored ones as well. */
const PREFIXED = /\b(?:sk|pk|rk|gsk|xai|key|hf|nvapi|ghp|gho|ghu|ghs|glpat|r8|fw|csk|tok)[-_][A-Za-z0-9_\-*.]{6,}/g

const SECRET_SHAPES: readonly RegExp[] = [
  /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g,
  /\bAIza[A-Za-z0-9_-]{20,}/g,
  /\bAKIA[A-Z0-9]{12,}/g,
  /(?<=\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=[?&](?:key|api_key|token|access_token)=)[^&\s"']+/gi,
]

/** Masks what looks like a secret in a provider's sentence. Machine codes such as `key_model_access_denied` pass. */
export function redactMessage(text: string): string {
  let clean = text.replace(PREFIXED, (match) => (/^[a-z]+(?:[-_][a-z]+)*\.?$/.test(match) ? match : '[redacted]'))
  for (const shape of SECRET_SHAPES) clean = clean.replace(shape, '[redacted]')
  return clean
}
