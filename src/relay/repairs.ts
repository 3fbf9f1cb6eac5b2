import type { Failure } from '../failure/evidence.ts'
import type { FailureLabel } from '../failure/labels.ts'
import type { RepairName } from '../recovery/repair-names.ts'
import { REPAIR_NAMES } from '../recovery/repair-names.ts'
import { mendBetaHeader } from '../wire/repair/beta-header.ts'
import { mendOutputLimit } from '../wire/repair/output-limit.ts'
import { mendRefusedImages } from '../wire/repair/refused-images.ts'
import { mendRefusedParameter } from '../wire/repair/refused-parameter.ts'
import { refusalOf } from '../wire/repair/refusal.ts'
import type { Change, Mender } from '../wire/repair/repair.ts'
import { mendRoles } from '../wire/repair/roles.ts'
import { mendToolSchemas } from '../wire/repair/tool-schemas.ts'
import { mendRefusedThinking, mendUnreadableState } from '../wire/repair/unreadable-state.ts'
import type { Call } from './call.ts'
import { rewrittenCall } from './rewritten-call.ts'

interface Repair {
  readonly labels: readonly FailureLabel[]
  readonly mend: Mender
  /** The next route may take what this one refuses. */
  readonly forThisRoute?: true
}

/** Made of what is kept of conversations (`replay.ts`), and not of the request alone. */
type ReplayName = 'previous_response'

/** Which failure each repair mends, and how. `recovery/repair-names.ts` gives the order. */
const TABLE: Readonly<Record<Exclude<RepairName, ReplayName>, Repair>> = {
  bound_state: { labels: ['invalid_request'], mend: mendUnreadableState },
  thinking_signature: { labels: ['invalid_request'], mend: mendRefusedThinking },
  beta_header: { labels: ['invalid_request'], mend: mendBetaHeader },
  output_limit: { labels: ['invalid_request', 'context_overflow'], mend: mendOutputLimit, forThisRoute: true },
  unsupported_parameter: { labels: ['invalid_request'], mend: mendRefusedParameter },
  image: { labels: ['invalid_request', 'payload_too_large'], mend: mendRefusedImages },
  tool_schema: { labels: ['invalid_request'], mend: mendToolSchemas },
  roles: { labels: ['invalid_request'], mend: mendRoles },
}

/** A call with its whole conversation in it. */
export interface Replayed {
  readonly call: Call
  /** Answers that it is put together from. */
  readonly responses: number
  /** Names of what is left out of them. */
  readonly dropped: readonly string[]
}

export interface PlannedRepair {
  readonly name: string
  /** What is changed, in a few words. */
  readonly what: string
  readonly change: Change
  readonly forThisRoute: boolean
  /** What stands in for the call from now on. */
  readonly replayed?: Replayed
}

/** The repairs of one call: each at most once, and each in every attempt behind the refusal that it answers. */
export class CallRepairs {
  readonly #made: PlannedRepair[] = []
  #changes: readonly PlannedRepair[] = []

  /** Names in the order in which they were made. */
  get names(): readonly string[] {
    return [...new Set(this.#made.map(({ name }) => name))]
  }

  /**
   * The repair to try next.
   * @param sent what the provider refused, in its own protocol
   * @param off repairs that the user has switched off
   */
  next(failure: Failure, sent: Call | undefined, off: ReadonlySet<string>): PlannedRepair | undefined {
    if (sent === undefined) return undefined
    const refusal = refusalOf(failure)
    for (const name of REPAIR_NAMES) {
      if (name === 'previous_response') continue
      const { labels, mend, forThisRoute = false } = TABLE[name]
      if (off.has(name) || !labels.includes(failure.label) || this.#made.some((each) => each.name === name)) continue
      const mended = mend(refusal, sent)
      if (mended !== undefined) return { name, ...mended, forThisRoute }
    }
    return undefined
  }

  made(repair: PlannedRepair): void {
    this.#made.push(repair)
    this.#changes = [...this.#changes, repair]
  }

  /** Another provider may take what this one refused. */
  onNextRoute(): void {
    this.#changes = this.#changes.filter(({ forThisRoute }) => !forThisRoute)
  }

  /** A request with every repair that was made so far. */
  apply(call: Call): Call {
    // Taking a large body apart costs more than all the rest of a call: only for who changes it.
    if (this.#changes.length === 0) return call
    const { wire, body, headers } = call
    const given = { wire, body, headers }
    const changed = this.#changes.reduce((request, { change }) => change(request), given as Parameters<Change>[0])
    return changed === given ? call : rewrittenCall(call, changed.body, changed.headers)
  }
}
