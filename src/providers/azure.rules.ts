import type { Rule } from '../failure/rule.ts'

/** Azure OpenAI and Foundry. `code` is often the status as text. Source: learn.microsoft.com and captures, 2026-11. */
export const azureRules: readonly Rule[] = [
  {
    text: /exceeded (?:the )?(?:call|token) rate limit/,
    is: 'rate_limit',
    modelScoped: true,
    seen: 'azure/429-call-rate',
  },
  { code: ['content_filter', 'responsibleaipolicyviolation'], is: 'content_policy', seen: 'azure/400-content-filter' },
  {
    code: 'deploymentnotfound',
    is: 'model_not_found',
    modelScoped: true,
    ignoreTimes: true,
    seen: 'azure/404-deployment',
  },
  { text: /invalid subscription key or wrong api endpoint/, is: 'auth_revoked', seen: 'azure/401-subscription-key' },
  {
    status: 401,
    text: /audience is incorrect|token (?:has )?expired|lifetime validation failed/,
    is: 'auth_expired',
    seen: 'azure/401-entra-token',
  },
  {
    code: ['accessdenied', 'publicnetworkaccessdisabled', 'permissiondenied', 'operationnotsupported'],
    is: 'entitlement',
    seen: 'azure/403-virtual-network',
  },
  {
    code: ['nocapacity', 'serviceunavailable', 'modeltemporarilyunavailable'],
    is: 'overloaded',
    seen: 'azure/429-capacity',
  },
]
