import type { AccountReading, QuotaWindow, UsageReading } from '../provider.ts'

/** A reading, or undefined when nothing was learnt: silence must not pass for an unused quota. */
export function usageReading(
  windows: ReadonlyArray<QuotaWindow | undefined>,
  account?: AccountReading,
  modelReturns?: Readonly<Record<string, number>>,
): UsageReading | undefined {
  const known = windows.filter((window) => window !== undefined)
  const returns = modelReturns === undefined || Object.keys(modelReturns).length === 0 ? undefined : modelReturns
  if (known.length === 0 && account === undefined && returns === undefined) return undefined
  return {
    windows: known,
    ...(account === undefined ? {} : { account }),
    ...(returns === undefined ? {} : { modelReturns: returns }),
  }
}
