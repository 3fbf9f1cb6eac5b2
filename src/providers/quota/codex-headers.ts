import type { HeaderRecord } from '../../failure/evidence.ts'
import type { AccountReading, QuotaWindow } from '../provider.ts'
import { amountOf, signedAmountOf, truthOf } from './amount.ts'
import { modelSlug } from './model-slug.ts'
import { usageWindow } from './usage-window.ts'
import { windowName } from './window-name.ts'

const MEASURE = /^x-(.{1,60})-(primary|secondary)-used-percent$/
/** The account's own limit; every other id counts one model. */
const ACCOUNT_FAMILY = 'codex'

/**
 * The windows of one answer of the ChatGPT backend, named by their length. Families other than `codex` count one model only:
 * an account must not be left alone for them. Source: codex-rs rate_limits.rs, 2026-08, and captures.
 */
export function codexWindows(headers: HeaderRecord, nowMs: number): readonly QuotaWindow[] {
  const windows: QuotaWindow[] = []
  for (const header of Object.keys(headers)) {
    const [, family, place] = MEASURE.exec(header) ?? []
    if (family === undefined || place === undefined) continue
    const window = read(headers, family, place, nowMs)
    if (window !== undefined) windows.push(window)
  }
  return windows
}

function read(headers: HeaderRecord, family: string, place: string, nowMs: number): QuotaWindow | undefined {
  const field = (name: string) => amountOf(headers[`x-${family}-${place}-${name}`])
  const usedPercent = field('used-percent')
  const windowMinutes = field('window-minutes') ?? 0
  const at = field('reset-at') ?? 0
  const after = field('reset-after-seconds')
  // A plan without this window sends it with zeros all over.
  if (usedPercent === 0 && windowMinutes === 0 && at === 0 && (after ?? 0) === 0) return undefined
  return usageWindow(
    {
      name: windowName(windowMinutes) ?? place,
      usedPercent,
      windowMinutes,
      // Relative beats absolute: the backend's clock and ours may differ.
      reset: after ?? (at === 0 ? undefined : at),
      ...scope(family, headers[`x-${family}-limit-name`]),
    },
    nowMs,
  )
}

function scope(family: string, limitName: string | undefined): Pick<QuotaWindow, 'model' | 'family'> {
  if (family === ACCOUNT_FAMILY) return {}
  const id = family.replaceAll('-', '_')
  return { family: id, model: modelSlug(limitName) ?? id }
}

/** Plan and credits of one answer of the ChatGPT backend. */
export function codexAccount(headers: HeaderRecord): AccountReading | undefined {
  const planType = headers['x-codex-plan-type']?.trim().toLowerCase() ?? ''
  const hasCredits = truthOf(headers['x-codex-credits-has-credits'])
  const unlimited = truthOf(headers['x-codex-credits-unlimited'])
  const balance = signedAmountOf(headers['x-codex-credits-balance'])
  const credits =
    hasCredits === undefined && unlimited === undefined
      ? undefined
      : {
          hasCredits: hasCredits ?? unlimited === true,
          unlimited: unlimited === true,
          ...(balance === undefined ? {} : { balance }),
        }
  if (planType === '' && credits === undefined) return undefined
  return { ...(planType === '' ? {} : { planType }), ...(credits === undefined ? {} : { credits }) }
}
