import type { Kind } from './kind.ts'
import type { Step } from './scenario.ts'

function bare(status: number): () => Step {
  return () => ({ kind: 'error', status, body: '' })
}

/** HTTP errors that say nothing: only the status, or the shape of the body, speaks. */
export const BARE_STATUSES: readonly Kind[] = [
  {
    kind: 'http-302-redirect',
    label: 'invalid_response',
    step: () => ({ kind: 'error', status: 302, body: '', headers: { location: 'http://127.0.0.1:9/elsewhere' } }),
  },
  { kind: 'http-401-bare', label: 'auth_expired', step: bare(401) },
  {
    kind: 'http-401-detail',
    label: 'auth_expired',
    step: () => ({ kind: 'error', status: 401, body: { detail: 'Unauthorized' } }),
  },
  { kind: 'http-402-bare', label: 'billing', step: bare(402) },
  { kind: 'http-403-bare', label: 'entitlement', step: bare(403) },
  // A machine in front of the provider: nothing about the account is known.
  { kind: 'http-403-html', label: 'connection', step: () => ({ kind: 'html', status: 403 }) },
  { kind: 'http-404-bare', label: 'unknown', step: bare(404) },
  { kind: 'http-408-bare', label: 'timeout', step: bare(408) },
  { kind: 'http-413-bare', label: 'payload_too_large', step: bare(413) },
  { kind: 'http-418-bare', label: 'unknown', step: bare(418) },
  { kind: 'http-429-bare', label: 'rate_limit', step: bare(429) },
  { kind: 'http-500-bare', label: 'server_error', step: bare(500) },
  { kind: 'http-502-html', label: 'server_error', step: () => ({ kind: 'html', status: 502 }) },
  { kind: 'http-503-bare', label: 'overloaded', step: bare(503) },
  { kind: 'http-504-bare', label: 'server_error', step: bare(504) },
  { kind: 'http-529-bare', label: 'overloaded', step: bare(529) },
]
