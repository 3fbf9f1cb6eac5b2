import type { Failure } from '../failure/evidence.ts'
import type { Platform } from '../platform/platform.ts'
import type { Lease } from '../pool/lease.ts'
import type { Decision } from '../recovery/decide.ts'
import type { Policy } from '../recovery/policy.ts'
import type { TelemetryEvent } from '../telemetry/events.ts'
import type { AttemptEnding } from './attempt-body.ts'
import type { Call, Route } from './call.ts'
import { isMeteredFallback } from './fallback-policy.ts'
import type { CallState } from './call-state.ts'
import { routeName } from './route-name.ts'
import type { Settled } from './settled.ts'

export interface BookDependencies {
  readonly platform: Platform
  readonly policy: Policy
  readonly emit: (event: TelemetryEvent) => void
  /** Told every failure of an attempt once, with its evidence. */
  readonly onFailure?: (failure: Failure) => void
}

/** Keeps the record of one call: an event per step, an entry per attempt, and the end of the lease that served it. */
export class CallBook {
  readonly #call: Call
  readonly #state: CallState
  readonly #deps: BookDependencies
  readonly #startedAtMs: number
  #ended = false

  constructor(call: Call, state: CallState, dependencies: BookDependencies) {
    this.#call = call
    this.#state = state
    this.#deps = dependencies
    this.#startedAtMs = dependencies.platform.clock.now()
    const { model, stream, client, operation } = call
    const wire = operation === undefined ? call.wire : `${call.wire}/${operation}`
    dependencies.emit({ type: 'call_started', callId: call.id, atMs: this.#startedAtMs, wire, model, stream, client })
  }

  attemptStarted(route: Route, lease: Lease): number {
    const atMs = this.#deps.platform.clock.now()
    if (isMeteredFallback(this.#call.chain, route)) this.#tellMetered(route, atMs)
    this.#deps.emit({
      type: 'attempt_started',
      callId: this.#call.id,
      atMs,
      attempt: this.#state.attempts.length + 1,
      provider: route.provider,
      model: route.model,
      credentialId: lease.credential.id,
      credentialLabel: lease.credential.label,
      trial: lease.trial,
      why: { because: lease.choice.because, others: lease.choice.others() },
    })
    return atMs
  }

  /** Enters an attempt that ended before anything was sent to the caller. */
  attemptFailed(route: Route, lease: Lease, failure: Failure, startedAtMs: number): void {
    const { status } = failure.evidence
    this.#state.attempts.push({
      ...this.#entry(route, lease, startedAtMs),
      outcome: failure.label === 'cancelled' ? 'cancelled' : 'failed',
      label: failure.label,
      rule: failure.rule,
      ...(status === undefined ? {} : { status }),
    })
  }

  /** Tells a failed attempt together with what it cost and what comes next. */
  decided(decision: Decision, failure: Failure, lease: Lease, benchedUntilMs: number | undefined): void {
    const last = this.#state.attempts.length - 1
    const record = this.#state.attempts[last]
    if (record === undefined) return
    this.#state.attempts[last] = { ...record, action: decision.action }
    this.#emitFailed(failure, lease, record.durationMs, benchedUntilMs)
    this.step(decision.action, decision.reason, decision.delayMs)
  }

  /** A step that no attempt caused: a fallback because nobody was ready, a wait for a bench to end. */
  step(action: string, reason: string, delayMs = 0): void {
    this.#deps.emit({
      type: 'decided',
      ...this.#at(),
      action,
      reason,
      ...(delayMs > 0 ? { delayMs } : {}),
    })
  }

  /** The end of the call: gives the lease back and tells the whole story in one event. Once; later calls do nothing. */
  async end(settled: Settled, ending: AttemptEnding): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    if (settled.kind === 'answer') await this.#served(settled, ending)
    const failure =
      ending.kind === 'failure'
        ? ending.failure
        : settled.kind === 'failed' && ending.kind !== 'complete'
          ? settled.givenUp.failure
          : undefined
    const { atMs, callId } = this.#at()
    const { fallbackReason, meteredFallback, replayed } = this.#state
    const repairs = this.#state.repairs.names
    const dropped = settled.kind === 'answer' ? [...settled.served.dropped, ...settled.served.lost()] : []
    this.#deps.emit({
      type: 'call_ended',
      callId,
      atMs,
      outcome: OUTCOMES[ending.kind],
      ...(failure === undefined ? {} : { label: failure.label, message: failure.message }),
      ...(fallbackReason === undefined ? {} : { fallbackReason }),
      ...(repairs.length === 0 ? {} : { repairs }),
      ...(replayed === undefined ? {} : { replayed: replayed.responses }),
      ...(meteredFallback === undefined ? {} : { meteredFallback }),
      ...(dropped.length === 0 ? {} : { dropped }),
      attempts: [...this.#state.attempts],
      durationMs: atMs - this.#startedAtMs,
    })
  }

  /** Once for each route: money that is spent without a word was the accident (72941). */
  #tellMetered(route: Route, atMs: number): void {
    const name = routeName(route)
    const [first] = this.#call.chain
    if (first === undefined || this.#state.meteredFallback === name) return
    this.#state.meteredFallback = name
    this.#deps.emit({
      type: 'metered_fallback',
      callId: this.#call.id,
      atMs,
      provider: route.provider,
      model: route.model,
      insteadOf: routeName(first),
      reason: this.#state.fallbackReason ?? 'unknown',
    })
  }

  async #served(settled: Extract<Settled, { kind: 'answer' }>, ending: AttemptEnding): Promise<void> {
    const { lease, route, startedAtMs, firstOutputAtMs } = settled.served
    const entry = { ...this.#entry(route, lease, startedAtMs), outcome: OUTCOMES[ending.kind] }
    if (ending.kind === 'failure') {
      const { failure } = ending
      const terms = this.#deps.policy[failure.label].bench
      const bench = await lease.fail({ failure, terms, callId: this.#call.id, lastHope: false })
      this.#state.attempts.push({ ...entry, label: failure.label, rule: failure.rule, action: 'surface' })
      this.#emitFailed(failure, lease, entry.durationMs, bench?.untilMs)
      return
    }
    this.#state.attempts.push(entry)
    if (ending.kind === 'cancelled') return lease.release()
    // A count costs nothing: that it was given lifts no bench.
    if (this.#call.operation === undefined) await lease.succeed()
    else await lease.release()
    const { provider, credentialId, credential, durationMs } = entry
    const timeToFirstOutputMs = firstOutputAtMs - startedAtMs
    const who = { provider, credentialId, credentialLabel: credential, durationMs, timeToFirstOutputMs }
    this.#deps.emit({ type: 'attempt_succeeded', ...this.#at(), ...who })
  }

  #emitFailed(failure: Failure, lease: Lease, durationMs: number, benchedUntilMs: number | undefined): void {
    const { label, rule, message } = failure
    const { status } = failure.evidence
    this.#deps.onFailure?.(failure)
    this.#deps.emit({
      type: 'attempt_failed',
      ...this.#at(),
      provider: lease.credential.provider,
      credentialId: lease.credential.id,
      credentialLabel: lease.credential.label,
      label,
      rule,
      message,
      durationMs,
      ...(status === undefined ? {} : { status }),
      ...(benchedUntilMs === undefined ? {} : { benchedUntilMs }),
    })
  }

  #entry(route: Route, lease: Lease, startedAtMs: number) {
    return {
      provider: route.provider,
      model: route.model,
      credentialId: lease.credential.id,
      credential: lease.credential.label,
      durationMs: this.#deps.platform.clock.now() - startedAtMs,
    }
  }

  #at() {
    const atMs = this.#deps.platform.clock.now()
    return { callId: this.#call.id, atMs, attempt: this.#state.attempts.length }
  }
}

const OUTCOMES = { complete: 'answered', failure: 'failed', cancelled: 'cancelled' } as const
