import type { WireName } from '../wire/wire.ts'

/** What a path serves. */
export type RouteKind =
  | { readonly kind: 'call'; readonly wire: WireName; readonly operation?: 'count_tokens' }
  | { readonly kind: 'models'; readonly shape: 'openai' | 'codex' }
  | { readonly kind: 'health' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'hello' }

interface RouteRow {
  readonly path: string
  readonly methods: readonly string[]
  readonly serves: RouteKind
  /** Answers 426 to a WebSocket upgrade, so that clients fall back to events. */
  readonly websocket?: true
  /** Needs no client key: probes and health checks have none. */
  readonly open?: true
}

const POST = ['POST'] as const
const READ = ['GET', 'HEAD'] as const

/** Every path of the gateway. */
export const ROUTES: readonly RouteRow[] = [
  { path: '/v1/responses', methods: POST, serves: { kind: 'call', wire: 'responses' }, websocket: true },
  { path: '/v1/chat/completions', methods: POST, serves: { kind: 'call', wire: 'chat-completions' } },
  { path: '/v1/messages', methods: POST, serves: { kind: 'call', wire: 'messages' } },
  {
    path: '/v1/messages/count_tokens',
    methods: POST,
    serves: { kind: 'call', wire: 'messages', operation: 'count_tokens' },
  },
  { path: '/backend-api/codex/responses', methods: POST, serves: { kind: 'call', wire: 'responses' }, websocket: true },
  { path: '/v1/models', methods: READ, serves: { kind: 'models', shape: 'openai' } },
  { path: '/backend-api/codex/models', methods: READ, serves: { kind: 'models', shape: 'codex' } },
  { path: '/healthz', methods: READ, serves: { kind: 'health' }, open: true },
  { path: '/readyz', methods: READ, serves: { kind: 'ready' }, open: true },
  // Claude Code probes both before its first call.
  { path: '/', methods: READ, serves: { kind: 'hello' }, open: true },
  { path: '/api/hello', methods: READ, serves: { kind: 'hello' }, open: true },
]
