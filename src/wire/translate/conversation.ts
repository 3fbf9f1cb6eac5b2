/** A request in no vendor's words: what every codec reads into and writes from. */
export interface Conversation {
  readonly model: string
  readonly stream: boolean
  /** Instructions that stand before the first turn. */
  readonly system: readonly string[]
  readonly turns: readonly Turn[]
  readonly tools: readonly Tool[]
  readonly choice?: ToolChoice
  /** Whether several tools may be called at once. @default what the upstream does */
  readonly parallel?: boolean
  /** Tokens of the answer, reasoning included. */
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly stop: readonly string[]
  readonly format?: AnswerFormat
  readonly effort?: string
  readonly cacheKey?: string
  /** A Chat caller wants the usage chunk. */
  readonly includeUsage: boolean
}

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant'
  readonly parts: readonly Part[]
}

/** Bytes or an address. */
export type Source =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'refusal'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'image'; readonly source: Source; readonly detail?: string }
  | { readonly type: 'file'; readonly source: Source; readonly name?: string }
  | ToolCall
  | ToolResult

export interface ToolCall {
  readonly type: 'tool_call'
  readonly id: string
  readonly name: string
  readonly namespace?: string
  /** The input is free text, not JSON. */
  readonly custom: boolean
  readonly input: string
}

export interface ToolResult {
  readonly type: 'tool_result'
  readonly id: string
  readonly custom: boolean
  readonly isError: boolean
  readonly content: readonly Part[]
}

export interface Tool {
  readonly name: string
  readonly namespace?: string
  readonly custom: boolean
  readonly description?: string
  /** JSON Schema of the input. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly strict?: boolean
}

export type ToolChoice =
  | { readonly kind: 'auto' | 'required' | 'none' }
  | { readonly kind: 'tool'; readonly name: string; readonly namespace?: string }

export type AnswerFormat =
  | { readonly kind: 'json_object' }
  | {
      readonly kind: 'json_schema'
      readonly name: string
      readonly schema: Readonly<Record<string, unknown>>
      readonly strict?: boolean
    }
