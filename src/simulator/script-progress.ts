import { type QuotaState, quotaHeaders, quotaStep } from './provider-quota.ts'
import type { CredentialScript, ProviderStyle, Step } from './scenario.ts'

export interface NextStep {
  readonly step: Step
  /** Headers that every answer of this credential carries now. */
  readonly announced: Readonly<Record<string, string>>
}

const GOOD_ANSWER: Step = { kind: 'answer' }

/** How far each token is in its script, and how much of its window is used. */
export class ScriptProgress {
  readonly #calls = new Map<string, number>()
  readonly #windows = new Map<string, { readonly used: number; readonly resetAtMs: number }>()

  /** Takes the next step of a token's script. A refusal for a used-up window is not a step: the script waits. */
  next(token: string, script: CredentialScript, style: ProviderStyle, nowMs: number): NextStep {
    const state = this.#quotaState(token, script, nowMs)
    if (state !== undefined && state.used >= state.quota.calls)
      return { step: quotaStep(style, state, nowMs), announced: {} }
    const index = this.#calls.get(token) ?? 0
    this.#calls.set(token, index + 1)
    const steps = script.steps ?? []
    const step = steps[Math.min(index, steps.length - 1)] ?? GOOD_ANSWER
    if (state === undefined) return { step, announced: {} }
    const used = state.used + 1
    this.#windows.set(token, { used, resetAtMs: state.resetAtMs })
    return { step, announced: quotaHeaders(style, { ...state, used }, nowMs) }
  }

  #quotaState(token: string, { quota }: CredentialScript, nowMs: number): QuotaState | undefined {
    if (quota === undefined) return undefined
    const window = this.#windows.get(token)
    if (window !== undefined && nowMs < window.resetAtMs) return { quota, ...window }
    // A window begins with its first call; a given first reset holds for the first window only.
    const given = quota.resetAtMs !== undefined && nowMs < quota.resetAtMs ? quota.resetAtMs : undefined
    const lengthMs = (quota.resetsInSeconds ?? quota.windowMinutes * 60) * 1000
    return { quota, used: 0, resetAtMs: given ?? nowMs + lengthMs }
  }
}
