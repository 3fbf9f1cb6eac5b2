import type { Rule } from '../failure/rule.ts'

/** Cloudflare AI Gateway and Workers AI: numeric codes in a list of errors. Source: developers.cloudflare.com, 2026-08. */
export const cloudflareRules: readonly Rule[] = [
  { code: '3036', is: 'quota_exhausted', resets: 'midnight-utc', seen: 'cloudflare/429-daily-neurons' },
  { code: '2003', is: 'rate_limit', seen: 'cloudflare/429-gateway-limit' },
  { code: '3040', is: 'overloaded', seen: 'cloudflare/429-capacity' },
  { code: ['2009', '10000', '10001'], is: 'auth_revoked', seen: 'cloudflare/401-gateway-token' },
  { code: '3007', is: 'timeout', seen: 'cloudflare/408-inference' },
  { code: ['5007', '3042', '5018'], is: 'model_not_found', modelScoped: true, seen: 'cloudflare/404-no-model' },
  { code: ['2016', '2017'], is: 'content_policy', seen: 'cloudflare/424-prompt-blocked' },
  { code: '5021', is: 'context_overflow', seen: 'cloudflare/413-tokens' },
]
