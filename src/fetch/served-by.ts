import type { WireName } from '../wire/wire.ts'

/** What a program asked for, by the end of its path: hosts and prefixes differ from SDK to SDK. */
export type Served =
  | { readonly kind: 'call'; readonly wire: WireName; readonly operation?: 'count_tokens' }
  | { readonly kind: 'models' }

const ENDS: ReadonlyArray<readonly [string, Served]> = [
  ['/responses', { kind: 'call', wire: 'responses' }],
  ['/chat/completions', { kind: 'call', wire: 'chat-completions' }],
  ['/messages', { kind: 'call', wire: 'messages' }],
  ['/messages/count_tokens', { kind: 'call', wire: 'messages', operation: 'count_tokens' }],
  ['/models', { kind: 'models' }],
]

/** @returns undefined for a path that speaks no protocol of ours */
export function servedBy(pathname: string): Served | undefined {
  const path = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname
  return ENDS.find(([end]) => path.endsWith(end))?.[1]
}
