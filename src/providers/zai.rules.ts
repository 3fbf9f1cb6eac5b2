import type { Rule } from '../failure/rule.ts'

/** z.ai and Zhipu GLM: business codes as text; HTTP 429 also means no balance and locked accounts. Source: docs.z.ai error codes and captures, 2026-11. */
export const zaiRules: readonly Rule[] = [
  { code: ['1304', '1308', '1310', '1316', '1313'], is: 'quota_exhausted', seen: 'zai/429-limit-until' },
  { code: ['1113', '1309'], is: 'billing', seen: 'zai/429-no-balance' },
  { code: ['1302', '1303'], is: 'rate_limit', seen: 'zai/429-frequency' },
  { code: ['1305', '1312'], is: 'overloaded', seen: 'zai/429-platform-busy' },
  { code: '1003', is: 'auth_expired', seen: 'zai/401-token-expired' },
  {
    code: ['1000', '1001', '1002', '1004', '1110', '1111', '1112', '1121', '1120'],
    is: 'auth_revoked',
    seen: 'zai/401-authentication',
  },
  { code: ['1220', '1311'], is: 'entitlement', modelScoped: true, seen: 'zai/403-not-in-plan' },
  { code: ['1211', '1221', '1222'], is: 'model_not_found', modelScoped: true, seen: 'zai/400-model-unknown' },
  { code: '1261', is: 'context_overflow', seen: 'zai/400-prompt-too-long' },
  { code: '1210', text: /tokens in request more than max/, is: 'context_overflow', seen: 'zai/400-max-tokens-allowed' },
  { code: ['1300', '1301'], is: 'content_policy', seen: 'zai/400-sensitive' },
  { code: ['1210', '1212', '1213', '1214', '1215', '1231', '1200'], is: 'invalid_request', seen: 'zai/400-parameters' },
  { code: ['1230', '500', '1234'], is: 'server_error', seen: 'zai/500-process' },
  { text: /使用上限|限额将在/, is: 'quota_exhausted', seen: 'zai/text-limit-in-chinese' },
  { text: /余额不足|无可用资源包/, is: 'billing', seen: 'zai/text-no-balance-in-chinese' },
]
