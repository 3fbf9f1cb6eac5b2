import type { Rule } from '../failure/rule.ts'

/** Anthropic API with keys. `error.details.error_code` first: it is the documented machine code. Source: SDK declarations 1.12.0 and captures, 2026-11. */
export const anthropicRules: readonly Rule[] = [
  { code: 'enforced_spend_limit_reached', is: 'quota_exhausted', seen: 'anthropic/429-enforced-spend-limit' },
  {
    code: [
      'contract_spend_limit_reached',
      'linked_organization_billing_unavailable',
      'linked_organization_spend_limit_reached',
      'user_profile_billing_not_authorized',
      'user_profile_not_billable',
    ],
    is: 'billing',
    seen: 'anthropic/402-linked-organization-billing',
  },
  { code: 'ramp_limit_exceeded', is: 'rate_limit', seen: 'anthropic/429-ramp-limit' },
  {
    code: ['organization_on_hold', 'claude_code_key_creator_not_member'],
    is: 'auth_revoked',
    seen: 'anthropic/400-organization-on-hold',
  },
  {
    code: [
      'organization_type_not_supported',
      'parent_organization_required',
      'organization_not_enrolled_in_beta',
      'sandbox_egress_restricted',
      'cmek_key_disabled',
      'cmek_key_network_blocked',
    ],
    is: 'entitlement',
    seen: 'anthropic/400-organization-type',
  },
  {
    code: ['cmek_key_unreachable', 'cmek_context_unavailable'],
    is: 'server_error',
    seen: 'anthropic/503-cmek-unreachable',
  },
  {
    code: ['request_body_too_large_after_decoding', 'image_dimensions_too_large'],
    is: 'payload_too_large',
    seen: 'anthropic/400-image-dimensions',
  },
  {
    code: [
      'available_tools_limit_exceeded',
      'claude_code_version_too_old',
      'compaction_block_ambiguous',
      'compaction_block_misplaced',
      'compaction_content_mismatch',
      'compaction_incomplete_turn',
      'compaction_nothing_to_summarize',
      'compaction_signature_invalid',
      'compaction_too_many_tool_references',
      'compaction_tool_changes_mismatch',
      'request_body_encoding_invalid',
      'request_body_encoding_unsupported',
      'thread_already_continued',
      'thread_continue_in_flight',
      'thread_fingerprint_mismatch',
      'thread_not_found',
      'thread_unsupported_request',
      'tool_name_conflict',
      'tool_reference_unresolved',
      'unsupported_charset',
      'user_profile_not_found',
      'user_profile_required',
    ],
    is: 'invalid_request',
    seen: 'anthropic/400-thread-fingerprint',
  },
  { code: 'compaction_unavailable', is: 'overloaded', seen: 'anthropic/529-compaction-unavailable' },
  { type: 'overloaded_error', is: 'overloaded', seen: 'anthropic/event-overloaded' },

  // A claim names the window nearest to its end, on every answer: it counts only where that window is rejected.
  {
    header: [
      { name: 'anthropic-ratelimit-unified-status', is: 'rejected' },
      { name: 'anthropic-ratelimit-unified-representative-claim', is: /^(?:five_hour|seven_day)$/ },
    ],
    status: 429,
    is: 'quota_exhausted',
    seen: 'anthropic/429-claimed-window',
  },
  // One of the account's own windows, whatever windows of some models say beside it.
  {
    header: { name: 'anthropic-ratelimit-unified-7d-status', is: 'rejected' },
    status: 429,
    is: 'quota_exhausted',
    seen: 'anthropic/429-weekly-rejected',
  },
  {
    header: { name: 'anthropic-ratelimit-unified-5h-status', is: 'rejected' },
    status: 429,
    is: 'quota_exhausted',
    seen: 'anthropic/429-five-hours-rejected',
  },
  // One model's weekly window: the account is still good for the others (61451).
  {
    header: [
      { name: 'anthropic-ratelimit-unified-status', is: 'rejected' },
      {
        name: 'anthropic-ratelimit-unified-representative-claim',
        is: /^(?:seven_day_opus|seven_day_sonnet|seven_day_overage_included)$/,
      },
    ],
    status: 429,
    is: 'quota_exhausted',
    modelScoped: true,
    seen: 'anthropic/429-model-window',
  },
  {
    header: { name: 'anthropic-ratelimit-unified-7d_oi-status', is: 'rejected' },
    status: 429,
    is: 'quota_exhausted',
    modelScoped: true,
    seen: 'anthropic/429-overage-window',
  },
  // Features that the plan lacks wear the clothes of a throttle.
  {
    text: /extra usage is required|usage credits are required|long context beta is not yet available/,
    is: 'entitlement',
    seen: 'anthropic/429-extra-usage-required',
  },
  {
    header: { name: 'anthropic-ratelimit-unified-status', is: 'rejected' },
    status: 429,
    is: 'quota_exhausted',
    seen: 'anthropic/429-unified-rejected',
  },
  {
    text: /reached your specified api usage limits|organization usage limit/,
    is: 'quota_exhausted',
    seen: 'anthropic/400-specified-usage-limits',
  },
  {
    text: /credit balance is too low|out of extra usage|draw from your extra usage/,
    is: 'billing',
    seen: 'anthropic/400-credit-balance',
  },
  {
    type: 'rate_limit_error',
    text: /model rate limit/,
    is: 'rate_limit',
    modelScoped: true,
    seen: 'anthropic/429-model-rate-limit',
  },
  { type: 'rate_limit_error', text: /spend limit/, is: 'billing', seen: 'anthropic/429-spend-limit' },

  // The SDK refuses before it sends.
  {
    text: /streaming is required for operations/,
    is: 'invalid_request',
    seen: 'anthropic/sdk-streaming-required',
  },
  { text: /organization has been disabled/, is: 'auth_revoked', seen: 'anthropic/400-organization-disabled' },
  { text: /only authorized for use with claude code/, is: 'entitlement', seen: 'anthropic/400-only-claude-code' },
  { text: /oauth token has been revoked/, is: 'auth_revoked', seen: 'anthropic/403-token-revoked' },
  { text: /invalid x-api-key/, is: 'auth_revoked', seen: 'anthropic/401-invalid-x-api-key' },
  {
    text: /prompt is too long|exceeds? model context window/,
    is: 'context_overflow',
    seen: 'anthropic/400-prompt-too-long',
  },
  { text: /maximum of \d+ pdf pages/, is: 'payload_too_large', seen: 'anthropic/400-pdf-pages' },
  { text: /image exceeds \d|image dimensions exceed/, is: 'payload_too_large', seen: 'anthropic/400-image-too-large' },
  { type: 'not_found_error', text: /^model:/, is: 'model_not_found', modelScoped: true, seen: 'anthropic/404-model' },
]
