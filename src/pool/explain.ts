import { toIsoText } from '../platform/clock.ts'
import type { Bench } from './bench.ts'
import type { Credential } from './credential.ts'
import { type Situation, type Standing, standingOf } from './selection.ts'

/** Of a pool with thousands of credentials nobody reads all, and no call pays for walking through them. */
const MOST_OTHERS = 8
const MOST_LOOKED_AT = 64

/** Explains everyone but the one that was lent; those that are not ready first. */
export function explainOthers(
  credentials: readonly Credential[],
  lentId: string,
  benchesOf: (credentialId: string) => readonly Bench[],
  situation: Situation,
): readonly { readonly label: string; readonly standing: string }[] {
  const notReady: { readonly label: string; readonly standing: string }[] = []
  const ready: { readonly label: string; readonly standing: string }[] = []
  for (const credential of credentials.slice(0, MOST_LOOKED_AT)) {
    if (credential.id === lentId) continue
    const standing = standingOf(credential, benchesOf(credential.id), situation)
    const list = standing.kind === 'ready' ? ready : notReady
    if (list.length < MOST_OTHERS) list.push({ label: credential.label, standing: spell(standing) })
    if (notReady.length === MOST_OTHERS) break
  }
  return [...notReady, ...ready].slice(0, MOST_OTHERS)
}

/** A standing in a few plain words, with times as ISO text. */
export function spell(standing: Standing): string {
  switch (standing.kind) {
    case 'ready':
      return 'ready'
    case 'benched': {
      const model = standing.bench.scope === '*' ? '' : ` for ${standing.bench.scope}`
      return `${standing.bench.reason}${model} until ${toIsoText(standing.untilMs)}${standing.trialDue ? ', trial due' : ''}`
    }
    case 'dead':
      return `dead: ${standing.bench.reason}`
    case 'missing':
      return standing.why
    case 'tried':
      return 'tried in this call'
    case 'busy':
      return `${standing.inFlight} of ${standing.limit} places taken`
  }
}
