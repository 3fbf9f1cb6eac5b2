import type { Rule } from '../failure/rule.ts'

/** MiniMax: failures ride in HTTP 200 as `base_resp.status_code`; the code also stands in brackets behind the message. Source: platform.minimax.io error codes and captures, 2026-11. */
export const miniMaxRules: readonly Rule[] = [
  { code: '2056', is: 'quota_exhausted', seen: 'minimax/200-plan-window' },
  { text: /usage limit (?:exceeded|reached)|\(2056\)/, is: 'quota_exhausted', seen: 'minimax/429-plan-window' },
  { code: '1008', is: 'billing', seen: 'minimax/200-insufficient-balance' },
  { text: /insufficient balance|\(1008\)/, is: 'billing', seen: 'minimax/500-insufficient-balance' },
  { code: ['1002', '2045'], is: 'rate_limit', seen: 'minimax/200-rate-limit' },
  { text: /\((?:1002|2045)\)/, is: 'rate_limit', seen: 'minimax/429-rate-limit' },
  { code: ['1004', '2049'], is: 'auth_revoked', seen: 'minimax/200-login-fail' },
  { text: /login fail|invalid api key|\((?:1004|2049)\)/, is: 'auth_revoked', seen: 'minimax/401-login-fail' },
  { code: '2061', is: 'entitlement', modelScoped: true, seen: 'minimax/200-model-not-in-plan' },
  {
    text: /token plan (?:does )?not support model|\(2061\)/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'minimax/500-model-not-in-plan',
  },
  { code: ['1026', '1027'], is: 'content_policy', seen: 'minimax/200-sensitive' },
  { text: /new_sensitive|\((?:1026|1027)\)/, is: 'content_policy', seen: 'minimax/500-sensitive' },
  { code: '1039', is: 'context_overflow', seen: 'minimax/200-token-limit' },
  { text: /context window exceeds limit|\(1039\)/, is: 'context_overflow', seen: 'minimax/400-context-window' },
  { code: '2013', is: 'invalid_request', seen: 'minimax/200-params' },
  { text: /invalid params|\(2013\)/, is: 'invalid_request', seen: 'minimax/400-params' },
  { code: '1001', is: 'timeout', seen: 'minimax/200-timeout' },
  { code: ['1000', '1024', '1033', '1013'], is: 'server_error', seen: 'minimax/200-internal' },
  { text: /\((?:1000|1001|1013|1024|1033)\)/, is: 'server_error', seen: 'minimax/500-internal' },
  {
    text: /high traffic|server cluster is currently under high load/,
    is: 'overloaded',
    seen: 'minimax/529-high-traffic',
  },
]
