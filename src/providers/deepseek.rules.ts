import type { Rule } from '../failure/rule.ts'

/** DeepSeek: `code` says the same for everything, so sentences decide. Source: api-docs.deepseek.com and captures, 2026-11. */
export const deepSeekRules: readonly Rule[] = [
  { text: /insufficient balance|余额不足/, is: 'billing', seen: 'deepseek/402-insufficient-balance' },
  { text: /authentication fails/, is: 'auth_revoked', seen: 'deepseek/401-authentication-fails' },
  { text: /content exists risk/, is: 'content_policy', seen: 'deepseek/400-content-exists-risk' },
  { text: /rate limit reached|too many requests/, is: 'rate_limit', seen: 'deepseek/429-rate-limit-reached' },
  { text: /server is busy|service is too busy/, is: 'overloaded', seen: 'deepseek/503-server-busy' },
  { type: 'finish:insufficient_system_resource', is: 'overloaded', seen: 'deepseek/200-system-resource' },
]
