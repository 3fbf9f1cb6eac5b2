import type { Rule } from '../failure/rule.ts'

/** AWS Bedrock. The exception stands in a header, in `__type`, or is the name of an event. Source: AWS SDK declarations and captures, 2026-11. */
export const bedrockRules: readonly Rule[] = [
  // One exception for a minute and for a day: only the sentence tells (daily quotas reset at midnight UTC).
  {
    text: /too many (?:tokens|requests) per day/,
    is: 'quota_exhausted',
    modelScoped: true,
    resets: 'midnight-utc',
    seen: 'bedrock/429-tokens-per-day',
  },
  {
    header: { name: 'x-amzn-errortype', is: /^modelnotready/i },
    is: 'overloaded',
    modelScoped: true,
    seen: 'bedrock/429-model-not-ready',
  },
  { header: { name: 'x-amzn-errortype', is: /^throttling/i }, is: 'rate_limit', seen: 'bedrock/429-throttling' },
  { code: ['throttlingexception', 'toomanyrequestsexception'], is: 'rate_limit', seen: 'bedrock/event-throttling' },
  {
    header: { name: 'x-amzn-errortype', is: /^servicequotaexceeded/i },
    is: 'quota_exhausted',
    seen: 'bedrock/400-service-quota',
  },
  {
    text: /security token included in the request is invalid|signature we calculated does not match|unrecognizedclient/,
    is: 'auth_revoked',
    seen: 'bedrock/403-security-token',
  },
  {
    text: /security token included in the request is expired|bearer token has expired/,
    is: 'auth_expired',
    seen: 'bedrock/403-token-expired',
  },
  {
    text: /don't have access to the model|not authorized to perform|model access is denied|on-demand throughput isn't supported|access to (?:anthropic )?models is not allowed/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'bedrock/403-model-access',
  },
  { text: /input is too long|too many input tokens/, is: 'context_overflow', seen: 'bedrock/400-input-too-long' },
  {
    text: /model identifier is invalid|end of its life|could not resolve the foundation model/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'bedrock/404-end-of-life',
  },
  { header: { name: 'x-amzn-errortype', is: /^validation/i }, is: 'invalid_request', seen: 'bedrock/400-validation' },
  { code: 'validationexception', is: 'invalid_request', seen: 'bedrock/event-validation' },
  { header: { name: 'x-amzn-errortype', is: /^modeltimeout/i }, is: 'timeout', seen: 'bedrock/408-model-timeout' },
  { code: 'modeltimeoutexception', is: 'timeout', seen: 'bedrock/event-model-timeout' },
  {
    header: { name: 'x-amzn-errortype', is: /^(?:modelerror|modelstreamerror|internalserver)/i },
    is: 'server_error',
    seen: 'bedrock/424-model-error',
  },
  {
    code: ['modelstreamerrorexception', 'modelerrorexception', 'internalserverexception'],
    is: 'server_error',
    seen: 'bedrock/event-model-stream-error',
  },
  {
    header: { name: 'x-amzn-errortype', is: /^serviceunavailable/i },
    is: 'overloaded',
    seen: 'bedrock/503-service-unavailable',
  },
  { code: 'serviceunavailableexception', is: 'overloaded', seen: 'bedrock/event-service-unavailable' },
  { code: 'expiredtokenexception', is: 'auth_expired', seen: 'bedrock/exception-expired-token' },
  { code: 'unrecognizedclientexception', is: 'auth_revoked', seen: 'bedrock/exception-unrecognized-client' },
  { code: 'accessdeniedexception', is: 'entitlement', modelScoped: true, seen: 'bedrock/exception-access-denied' },
  {
    code: 'resourcenotfoundexception',
    is: 'model_not_found',
    modelScoped: true,
    seen: 'bedrock/exception-resource-not-found',
  },
  { code: 'servicequotaexceededexception', is: 'quota_exhausted', seen: 'bedrock/exception-service-quota' },
  { code: 'modelnotreadyexception', is: 'overloaded', modelScoped: true, seen: 'bedrock/exception-model-not-ready' },
]
