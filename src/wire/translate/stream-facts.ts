import type { ToolNames } from './tool-names.ts'

/** What a stream's writer wants to know beside the answer. */
export interface StreamFacts {
  /** Epoch seconds. */
  readonly createdAt: number
  readonly names: ToolNames
  /** What the answer's id is made of. @default the provider's own, which some give to several answers */
  readonly answerId?: string | undefined
  /** A Chat caller asked for the usage chunk. */
  readonly includeUsage: boolean
}
