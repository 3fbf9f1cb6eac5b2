import type { WireName } from './wire.ts'

/** The protocol in which an error about this path is best told. */
export function nearestWire(path: string): WireName {
  if (path.includes('/messages')) return 'messages'
  return path.includes('/chat/completions') ? 'chat-completions' : 'responses'
}
