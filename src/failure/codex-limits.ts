import type { HeaderRecord } from './evidence.ts'

/** One limit of the ChatGPT backend that is used up: `codex` is the account's, every other id counts one model. */
interface FullLimit {
  /** As in the header's name: `codex`, `codex-bengalfox`. */
  readonly family: string
  /** Epoch ms; undefined when it is not announced. */
  readonly resetAt: number | undefined
}

const MEASURE = /^x-(.{1,60})-(primary|secondary)-used-percent$/
const ACCOUNT_FAMILY = 'codex'

/**
 * The reset of the window that refuses: the account's when one of them is at 100 % (the later when both are), else that of the model's own limit.
 * A window under 100 % never decides, however near its reset.
 */
export function codexReset(headers: HeaderRecord, model: string | undefined, seenAtMs: number): number | undefined {
  const full = fullLimits(headers, seenAtMs)
  const account = full.filter(({ family }) => family === ACCOUNT_FAMILY)
  const refusing = account.length > 0 ? account : full.filter(({ family }) => countsModel(headers, family, model))
  const resets = refusing.flatMap(({ resetAt }) => resetAt ?? [])
  return resets.length === 0 ? undefined : Math.max(...resets)
}

/** True when the account's windows are open and the limit in force, or the one named after the model, is used up. */
export function codexModelIsFull(headers: HeaderRecord, model: string | undefined): boolean {
  const full = fullLimits(headers, 0)
  return (
    !full.some(({ family }) => family === ACCOUNT_FAMILY) &&
    full.some(({ family }) => countsModel(headers, family, model))
  )
}

function fullLimits(headers: HeaderRecord, seenAtMs: number): readonly FullLimit[] {
  const full: FullLimit[] = []
  for (const [header, value] of Object.entries(headers)) {
    const [, family, place] = MEASURE.exec(header) ?? []
    if (family === undefined || place === undefined || !(Number(value) >= 100)) continue
    const after = positive(headers[`x-${family}-${place}-reset-after-seconds`])
    const at = positive(headers[`x-${family}-${place}-reset-at`])
    // Relative beats absolute: the backend's clock and ours may differ.
    const resetAt = after === undefined ? (at === undefined ? undefined : at * 1000) : seenAtMs + after * 1000
    full.push({ family, resetAt })
  }
  return full
}

/** Other models' limits are announced too: only the one in force, or the one that bears this model's name, refused the call. */
function countsModel(headers: HeaderRecord, family: string, model: string | undefined): boolean {
  if (plain(headers['x-codex-active-limit']) === family) return true
  return model !== undefined && plain(headers[`x-${family}-limit-name`]) === plain(model)
}

function plain(name: string | undefined): string | undefined {
  return name
    ?.trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
}

function positive(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : undefined
}
