import type { Clock } from '../platform/clock.ts'
import type { Credential } from './credential.ts'
import type { AcquireRequest } from './lease.ts'
import type { PlaceDesk } from './place-desk.ts'
import type { PoolView } from './pool-view.ts'
import type { ReferencedSecrets } from './referenced-secrets.ts'
import { type DueTrial, type Situation, standingOf, type Survey, survey } from './selection.ts'
import { SurveyCache } from './survey-cache.ts'

/** Tells where the credentials of a provider stand for one call: selection, filled with what this process knows. */
export class Surveyor {
  readonly #clock: Clock
  readonly #places: PlaceDesk
  readonly #references: ReferencedSecrets
  readonly #limitOf: (provider: string) => number
  readonly #surveys = new SurveyCache()

  /** @param limitOf calls at once per credential of a provider; 0 = no limit */
  constructor(clock: Clock, places: PlaceDesk, references: ReferencedSecrets, limitOf: (provider: string) => number) {
    this.#clock = clock
    this.#places = places
    this.#references = references
    this.#limitOf = limitOf
  }

  of(view: PoolView, request: AcquireRequest): Survey {
    const { provider, model, tried } = request
    const credentials = view.credentialsOf(provider)
    const limit = this.#limitOf(provider)
    const simple = tried.size === 0 && (limit === 0 || !this.#places.someFull(limit))
    if (simple && view.untroubled(provider)) {
      const why = { total: credentials.length, benched: 0, dead: 0, tried: 0, busy: 0 }
      return { ready: credentials, trialsDue: [], why }
    }
    const make = () => survey(credentials, view.benchesOf, this.situation(request))
    // Whether a variable is set may change without anybody telling.
    if (!simple || view.hasReferences(provider)) return make()
    return this.#surveys.of(view, provider, model, this.#clock.now(), make)
  }

  situation(request: {
    readonly provider: string
    readonly model: string | undefined
    readonly tried: ReadonlyMap<string, number>
  }): Situation {
    return {
      nowMs: this.#clock.now(),
      model: request.model,
      tried: request.tried,
      inFlight: (id) => this.#places.taken(id),
      limit: this.#limitOf(request.provider),
      missing: (credential) => this.#references.missing(credential),
    }
  }

  /**
   * A trial that was due a moment ago, as it is now; undefined when it is not due any more.
   * @param ownPlaces how many of the places that are counted are this trial's own
   */
  dueNow(view: PoolView, request: AcquireRequest, due: DueTrial, ownPlaces: 0 | 1): DueTrial | undefined {
    const credential = view.credential(due.credential.id)
    if (credential === undefined) return undefined
    const standing = standingOf(credential, view.benchesOf(credential.id), this.#withOwn(ownPlaces, request))
    const isDue = standing.kind === 'benched' && standing.trialDue && standing.trialScope === due.scope
    return isDue ? { credential, bench: standing.bench, scope: standing.trialScope } : undefined
  }

  /**
   * Our own place is already counted: a credential at its limit is ready for the one who took the last place.
   * @returns the credential as it is now: lent with the generation of before, its new secret could not be charged
   */
  stillReady(view: PoolView, request: AcquireRequest, credentialId: string): Credential | undefined {
    const credential = view.credential(credentialId)
    if (credential === undefined) return undefined
    const { kind } = standingOf(credential, view.benchesOf(credentialId), this.#withOwn(1, request))
    return kind === 'ready' || kind === 'busy' ? credential : undefined
  }

  #withOwn(ownPlaces: 0 | 1, request: AcquireRequest): Situation {
    const situation = this.situation(request)
    return { ...situation, limit: situation.limit === 0 ? 0 : situation.limit + ownPlaces }
  }
}
