import type { Rule } from './rule.ts'

/** What a bare status or shape says when no word did. */
export const STATUS_RULES: readonly Rule[] = [
  { status: 429, is: 'rate_limit', seen: 'common/status-429' },
  // A token endpoint that says 401 has refused the refresh token: there is nothing left to refresh with.
  { status: 401, api: 'oauth', is: 'auth_revoked', seen: 'common/oauth-status-401' },
  { status: 401, is: 'auth_expired', seen: 'common/status-401' },
  { status: 402, is: 'billing', seen: 'common/status-402' },
  { status: 407, is: 'connection', seen: 'common/status-407' },
  { status: 408, is: 'timeout', seen: 'common/status-408' },
  { status: 413, is: 'payload_too_large', seen: 'common/status-413' },
  { status: 451, is: 'content_policy', seen: 'common/status-451' },
  { status: 499, is: 'cancelled', seen: 'common/status-499' },
  { status: [498, 529], is: 'overloaded', seen: 'common/status-529' },
  // An error page comes from a machine in front of the provider.
  { status: 403, shape: 'html', is: 'connection', seen: 'common/status-403-html' },
  { status: { from: 500, to: 599 }, shape: 'html', is: 'server_error', seen: 'common/status-5xx-html' },
  { status: 403, is: 'entitlement', seen: 'common/status-403' },
  { status: 503, shape: ['empty', 'json'], is: 'overloaded', seen: 'common/status-503' },
  { status: { from: 500, to: 599 }, is: 'server_error', seen: 'common/status-5xx' },
  {
    status: [400, 405, 406, 411, 414, 415, 416, 422, 431],
    shape: ['json', 'text'],
    is: 'invalid_request',
    seen: 'common/status-400',
  },
  // A redirect is never followed: a credential must not travel to another host.
  { status: { from: 300, to: 399 }, is: 'invalid_response', seen: 'common/status-302' },
  { channel: 'end', is: 'invalid_response', seen: 'common/end-without-words' },
]
