/** Some backends count a window of five hours as 299 minutes. */
const TOLERANCE_MINUTES = 3
/** No plan counts over more than about a year. */
const LONGEST_MINUTES = 400 * 1440

/** Whether a window can be that long: neither 0, which stands for "not known", nor what overflowed on its way. */
export function isWindowLength(minutes: number | undefined): minutes is number {
  return minutes !== undefined && minutes > 0 && minutes <= LONGEST_MINUTES
}

/**
 * Names a window by its length: `5h`, `7d`, `90m`. Its place says nothing: "primary" is five hours for one plan and a week for another.
 * @returns undefined when the length is not known or cannot be
 */
export function windowName(minutes: number | undefined): string | undefined {
  if (!isWindowLength(minutes)) return undefined
  const hours = Math.round(minutes / 60)
  if (hours === 0 || Math.abs(minutes - hours * 60) > TOLERANCE_MINUTES) return `${Math.round(minutes)}m`
  return hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`
}
