import type { FailureLabel } from '../failure/labels.ts'
import type { WireName } from '../wire/wire.ts'
import type { Step } from './scenario.ts'

export type Mode = 'stream' | 'body'

/** A failure kind before it is spread over wires and modes. */
export interface Kind {
  readonly kind: string
  readonly label: FailureLabel
  /** @default all three */
  readonly wires?: readonly WireName[]
  /** @default both */
  readonly modes?: readonly Mode[]
  /** It happens when something visible was already streamed. */
  readonly afterOutput?: true
  step(wire: WireName): Step
}
