import type { Rule } from '../failure/rule.ts'

/** new-api, one-api and their forks. Codes of newer versions first, then the Chinese sentences of older ones. Source: songquanpeng/one-api, QuantumNous/new-api source and issues, 2026-11. */
export const newApiRules: readonly Rule[] = [
  {
    code: ['insufficient_user_quota', 'pre_consume_token_quota_failed'],
    is: 'billing',
    seen: 'new-api/403-user-quota',
  },
  { code: 'model_not_found', is: 'model_not_found', modelScoped: true, seen: 'new-api/503-no-channel' },
  {
    text: /对于模型 \S+ 无可用渠道|no available channel for model \S/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'new-api/503-no-channel-text',
  },
  // No name between the words: the client asked for no model.
  { text: /对于模型 无可用渠道/, is: 'invalid_request', seen: 'new-api/503-no-model-named' },
  { text: /负载已饱和|channel:no_available_key|当前分组上游/, is: 'overloaded', seen: 'new-api/429-upstream-full' },
  {
    text: /无权使用模型|无权访问|无权使用该分组|no access to model/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'new-api/403-token-model',
  },
  { text: /额度已用尽|额度不足|用户额度|预扣费|quota is not enough/, is: 'billing', seen: 'new-api/401-token-quota' },
  {
    text: /无效的令牌|令牌已过期|令牌状态不可用|未提供令牌|已被封禁|invalid token|token (?:is )?(?:disabled|expired)/,
    is: 'auth_revoked',
    seen: 'new-api/401-token',
  },
  { code: ['sensitive_words_detected', 'prompt_blocked'], is: 'content_policy', seen: 'new-api/500-sensitive' },
  // The upstream body is gone: nobody can tell what it said.
  { code: 'bad_response_status_code', status: [400, 404], is: 'unknown', seen: 'new-api/400-bad-response-status' },
  {
    code: ['bad_response_status_code', 'do_request_failed', 'get_channel_failed', 'channel:no_available_key'],
    is: 'server_error',
    seen: 'new-api/502-bad-response',
  },
  {
    code: ['bad_response_body', 'bad_response', 'empty_response', 'read_response_body_failed'],
    is: 'invalid_response',
    seen: 'new-api/500-bad-response-body',
  },
  // The relay takes nothing but a 200 from its upstream.
  { text: /bad response status code 2\d\d\b/, is: 'invalid_response', seen: 'new-api/500-bad-2xx' },
]
