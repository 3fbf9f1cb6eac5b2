import type { Rule } from '../failure/rule.ts'

/** ChatGPT/Codex backend. Source: codex-rs, captured payloads of 2025-10 to 2026-11. */
export const openAiCodexRules: readonly Rule[] = [
  // A ChatGPT token is refreshable: what would be a dead key elsewhere is a stale token here.
  { code: 'invalid_api_key', is: 'auth_expired', seen: 'openai-codex/event-invalid-token' },
  // A model's own limit comes in the account's words: the account is still good for the others.
  {
    status: 429,
    window: 'model-full',
    is: 'quota_exhausted',
    modelScoped: true,
    seen: 'openai-codex/429-model-limit',
  },
  // `error.type` carries the code; there is no `error.code` (26388).
  { type: 'usage_limit_reached', is: 'quota_exhausted', seen: 'openai-codex/429-usage-limit' },
  { code: 'usage_limit_reached', is: 'quota_exhausted', seen: 'openai-codex/event-usage-limit' },
  {
    text: /hit your (?:chatgpt )?usage limit|usage limit has been reached/,
    is: 'quota_exhausted',
    seen: 'openai-codex/text-usage-limit',
  },
  { type: 'usage_not_included', is: 'entitlement', seen: 'openai-codex/429-usage-not-included' },
  {
    text: /model is not supported when using codex/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'openai-codex/400-model-not-supported',
  },
  {
    text: /selected model is at capacity/,
    is: 'overloaded',
    modelScoped: true,
    seen: 'openai-codex/model-at-capacity',
  },
  { text: /to use codex with your chatgpt plan/, is: 'entitlement', seen: 'openai-codex/plan-without-codex' },
  { text: /missing scopes|缺少作用域/, is: 'entitlement', seen: 'openai-codex/401-missing-scopes' },
  { text: /flagged for possible cybersecurity risk/, is: 'content_policy', seen: 'openai-codex/failed-cyber-policy' },
  // The edge's challenge is about this machine's address, not about the account.
  { header: { name: 'cf-mitigated', is: 'challenge' }, is: 'connection', seen: 'openai-codex/403-cf-challenge' },
  {
    shape: 'html',
    text: /challenge-platform|enable javascript and cookies|checking your browser/,
    is: 'connection',
    seen: 'openai-codex/403-challenge-page',
  },
  // A 429 without words: a window at 100 % is the plan's limit, anything else a throttle.
  {
    status: 429,
    header: { name: 'x-codex-primary-used-percent', is: /^\s*[1-9]\d{2,}(?:\.\d+)?\s*$/ },
    is: 'quota_exhausted',
    seen: 'openai-codex/429-primary-window-full',
  },
  {
    status: 429,
    header: { name: 'x-codex-secondary-used-percent', is: /^\s*[1-9]\d{2,}(?:\.\d+)?\s*$/ },
    is: 'quota_exhausted',
    seen: 'openai-codex/429-secondary-window-full',
  },
  // A workspace spends credits beyond its windows.
  {
    status: 429,
    header: { name: 'x-codex-rate-limit-reached-type', is: /credits_depleted$/ },
    is: 'billing',
    seen: 'openai-codex/429-workspace-credits',
  },
  {
    status: 429,
    header: { name: 'x-codex-rate-limit-reached-type', is: /usage_limit_reached$/ },
    is: 'quota_exhausted',
    seen: 'openai-codex/429-workspace-limit',
  },
]
