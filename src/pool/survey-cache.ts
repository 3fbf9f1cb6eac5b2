import { benchHolds } from './bench.ts'
import type { PoolView } from './pool-view.ts'
import type { Survey } from './selection.ts'

interface Kept {
  readonly view: PoolView
  readonly fromMs: number
  readonly untilMs: number
  readonly survey: Survey
}

/** Clients may ask for any model name. */
const MOST_KEPT = 256

/**
 * Surveys that hold until something changes: benches are looked through again only when one was written, one ends, or one may be tried.
 * Without it a single benched account makes every call walk through a pool of thousands.
 */
export class SurveyCache {
  readonly #kept = new Map<string, Kept>()

  of(view: PoolView, provider: string, model: string, nowMs: number, make: () => Survey): Survey {
    const key = `${provider}\n${model}`
    const kept = this.#kept.get(key)
    // A clock that was set back makes old moments new again.
    if (kept !== undefined && kept.view === view && nowMs >= kept.fromMs && nowMs < kept.untilMs) return kept.survey
    const survey = make()
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear()
    this.#kept.set(key, { view, fromMs: nowMs, untilMs: nextChange(view, provider, nowMs), survey })
    return survey
  }
}

/** Epoch ms of the next moment at which a bench of this provider ends or may be tried. */
function nextChange(view: PoolView, provider: string, nowMs: number): number {
  let nextMs = Number.POSITIVE_INFINITY
  for (const bench of view.snapshot.benches) consider(bench.credentialId)
  for (const id of view.unwrittenIds) consider(id)
  return nextMs

  function consider(credentialId: string): void {
    const credential = view.credential(credentialId)
    if (credential?.provider !== provider) return
    for (const bench of view.benchesOf(credentialId)) {
      if (!benchHolds(bench, credential, nowMs)) continue
      if (bench.untilMs > nowMs && bench.untilMs < nextMs) nextMs = bench.untilMs
      if (bench.trialAtMs > nowMs && bench.trialAtMs < nextMs) nextMs = bench.trialAtMs
    }
  }
}
