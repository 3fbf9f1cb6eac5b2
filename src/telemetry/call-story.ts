import type { CallAttempt, CallRecord, ChoiceReason, DecisionRecord } from './call-record.ts'
import type { TelemetryEvent } from './events.ts'

/** A provider may repeat itself for pages; a story needs its first words. */
const LONGEST_TEXT = 300
/** A chain of many routes and credentials is cut here: the end of the call is told all the same. */
const MOST_STEPS = 100
const MOST_OTHERS = 20

type Event<T extends TelemetryEvent['type']> = Extract<TelemetryEvent, { type: T }>

/** Tells the story of one call from its events, as far as they have come. */
export class CallStory {
  readonly #started: Event<'call_started'>
  readonly #attempts: CallAttempt[] = []
  readonly #decisions: DecisionRecord[] = []
  #ended: Event<'call_ended'> | undefined

  constructor(started: Event<'call_started'>) {
    this.#started = started
  }

  take(event: TelemetryEvent): void {
    switch (event.type) {
      case 'attempt_started':
        this.#attemptStarted(event)
        return
      case 'attempt_failed': {
        const { label, rule, message, status, durationMs, benchedUntilMs } = event
        this.#amend(event.attempt, {
          outcome: label === 'cancelled' ? 'cancelled' : 'failed',
          label,
          rule,
          message,
          durationMs,
          ...(status === undefined ? {} : { status }),
          ...(benchedUntilMs === undefined ? {} : { benchedUntilMs }),
        })
        return
      }
      case 'attempt_succeeded': {
        const { durationMs, timeToFirstOutputMs } = event
        const first = timeToFirstOutputMs === undefined ? {} : { timeToFirstOutputMs }
        this.#amend(event.attempt, { outcome: 'answered', durationMs, ...first })
        return
      }
      case 'decided': {
        if (this.#decisions.length >= MOST_STEPS) return
        const { attempt, atMs, action, reason, delayMs } = event
        this.#decisions.push({
          afterAttempt: attempt,
          atMs,
          action,
          reason,
          ...(delayMs === undefined ? {} : { delayMs }),
        })
        return
      }
      case 'call_ended':
        this.#ended = event
        this.#fillIn(event)
        return
      default:
    }
  }

  /** @param redact masks secrets: labels and model names are free text of others */
  record(redact: (text: string) => string): CallRecord {
    const { callId, atMs, wire, model, stream, client } = this.#started
    // Masked before it is cut: half a secret would not be known as one.
    const clean = (text: string) => redact(text).slice(0, LONGEST_TEXT)
    const last = this.#attempts.at(-1)
    const ended = this.#ended
    const fallback = ended?.fallbackReason
    const repairs = ended?.repairs
    const metered = ended?.meteredFallback
    const dropped = ended?.dropped
    return {
      id: clean(callId),
      startedAtMs: atMs,
      ...(ended === undefined ? {} : { endedAtMs: ended.atMs }),
      outcome: ended?.outcome ?? 'running',
      ...(ended?.label === undefined ? {} : { label: ended.label }),
      ...(ended?.message === undefined ? {} : { message: clean(ended.message) }),
      wire,
      model: clean(model),
      stream,
      ...(client === undefined ? {} : { client }),
      ...(last === undefined ? {} : { route: clean(`${last.provider}/${last.model}`) }),
      ...(fallback === undefined ? {} : { fallbackReason: clean(fallback) }),
      ...(repairs === undefined ? {} : { repairs }),
      ...(ended?.replayed === undefined ? {} : { replayed: ended.replayed }),
      ...(metered === undefined ? {} : { meteredFallback: clean(metered) }),
      ...(dropped === undefined ? {} : { dropped: dropped.slice(0, MOST_STEPS).map(clean) }),
      attempts: this.#attempts.map((each) => cleanAttempt(each, clean)),
      decisions: this.#decisions.map((each) => ({ ...each, reason: clean(each.reason) })),
    }
  }

  #attemptStarted(event: Event<'attempt_started'>): void {
    if (this.#attempts.length >= MOST_STEPS) return
    const { attempt, atMs, provider, model, credentialId, credentialLabel, trial, why } = event
    this.#attempts.push({
      attempt,
      startedAtMs: atMs,
      provider,
      model,
      credentialId,
      credential: credentialLabel,
      trial,
      ...(why === undefined ? {} : { why }),
    })
  }

  #amend(attempt: number, change: Partial<CallAttempt>): void {
    const told = this.#attempts.find((each) => each.attempt === attempt)
    if (told !== undefined) Object.assign(told, change)
  }

  /** An attempt that the caller cut short has no event of its own: the end of the call lists it. */
  #fillIn({ attempts }: Event<'call_ended'>): void {
    for (const [index, { outcome, label, rule, status, durationMs }] of attempts.entries()) {
      if (this.#attempts.find(({ attempt }) => attempt === index + 1)?.outcome !== undefined) continue
      this.#amend(index + 1, {
        outcome,
        durationMs,
        ...(label === undefined ? {} : { label }),
        ...(rule === undefined ? {} : { rule }),
        ...(status === undefined ? {} : { status }),
      })
    }
  }
}

function cleanAttempt(attempt: CallAttempt, clean: (text: string) => string): CallAttempt {
  const { provider, model, credentialId, credential, rule, message, why } = attempt
  return {
    ...attempt,
    provider: clean(provider),
    model: clean(model),
    credentialId: clean(credentialId),
    credential: clean(credential),
    ...(rule === undefined ? {} : { rule: clean(rule) }),
    ...(message === undefined ? {} : { message: clean(message) }),
    ...(why === undefined ? {} : { why: cleanChoice(why, clean) }),
  }
}

function cleanChoice({ because, others }: ChoiceReason, clean: (text: string) => string): ChoiceReason {
  return {
    because: clean(because),
    others: others.slice(0, MOST_OTHERS).map(({ label, standing }) => ({
      label: clean(label),
      standing: clean(standing),
    })),
  }
}
