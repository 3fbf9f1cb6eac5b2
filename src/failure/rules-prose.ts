import type { Rule } from './rule.ts'

/**
 * Phrases that several providers and relays share. Each names its thing (`context length`, `credit balance`), never a bare "limit" or "exceeded":
 * such words once turned throttles into billing and parameter errors into overflows (I.1 to I.5).
 */
export const PROSE_RULES: readonly Rule[] = [
  // Overflow: token wording is required (52261), and a per-minute throttle is none (I.4).
  {
    text: /maximum context length|context (?:window|length|size)[^.]{0,60}(?:exceed|too (?:long|large))|exceed\w*[^.]{0,80}context (?:window|length|size|limit)|maximum prompt length|prompt token count[^.]{0,20} exceeds|prompt (?:is )?too long: \d+ tokens|(?:input|prompt)(?: token length)? (?:is )?too long|longer than the model's context|model token limit: \d+|tokens in request more than max|input tokens exceed|total tokens exceeds?|model_context_window_exceeded|reduce the length of (?:the (?:messages|input|prompt)|either one)|request requires approximately \d+ tokens|(?:上下文|提示词)[^。]{0,6}(?:过长|超出)/,
    is: 'context_overflow',
    seen: 'common/text-maximum-context-length',
  },
  { text: /must have less than \d+ tokens/, is: 'context_overflow', seen: 'common/text-less-than-tokens' },
  {
    text: /(?:image|file|payload|request|body|message|attachment|media)[^.]{0,60}(?:is |are )?(?:too large|too big)|(?:image|file|payload|request size|body|message size|dimensions)[^.]{0,40}exceed[^.]{0,40}(?:\d|maximum|max allowed|limit)/,
    is: 'payload_too_large',
    seen: 'common/text-image-exceeds-maximum',
  },

  // A named period is a usage window, whatever the status (93979, 107166, 63021).
  {
    text: /usage (?:limit|quota)|subscription quota|(?:daily|weekly|monthly|hourly|\d-hour|\d-day|week|day) ?(?:\/ ?monthly )?[^.]{0,20}(?:spending limit|limit (?:reached|exhausted|exceeded)|quota (?:reached|exhausted|exceeded|limit))|(?:tokens|requests) per day|\b(?:tpd|rpd)\b|free-models-per-day|daily rate limit|reached the set [^.]{0,20}limit|quota will reset (?:tomorrow|on|at)|credentials[^.]{0,60}cooling down|included free usage|使用上限/,
    is: 'quota_exhausted',
    seen: 'common/text-usage-limit',
  },
  {
    text: /quota for this (?:day|week|month)|\bquota (?:has been |was )(?:reached|used up)|daily [^.]{0,20}limit reached/,
    is: 'quota_exhausted',
    seen: 'common/text-quota-reached',
  },
  // Coding plans: the window has a name of its own, or none.
  {
    text: /(?:hit|reached|exceeded) your (?:(?:session|opus|sonnet|plan|message|account|chat|agent|premium|5-hour|weekly|daily|monthly) )*limit\b|\blimit reached\W{1,4}resets\b/,
    is: 'quota_exhausted',
    seen: 'common/text-plan-limit-hit',
  },
  {
    text: /quota will reset (?:after|in)|limit will reset (?:after|in)/,
    byDuration: true,
    is: 'quota_exhausted',
    seen: 'common/text-quota-will-reset-after',
  },
  {
    text: /(?:insufficient|overdue) (?:account )?(?:balance|credits?|funds|usd|quota balance)|credit balance is too low|account balance is (?:too low|insufficient)|out of (?:credits|extra usage)|used all available credits|spend(?:ing)? limit|please check your plan and billing|余额不足|额度已用尽|account is in good standing|budget has been exceeded|exceeded? budget|crossed budget|quota is not enough|used up your points|requires (?:more|available) credits|payment required|credits are depleted|draw from your extra usage/,
    is: 'billing',
    seen: 'common/text-credit-balance',
  },

  {
    text: /(?:not enough|low) (?:account )?(?:balance|credits?|funds)\b|insufficient credit\b/,
    is: 'billing',
    seen: 'common/text-not-enough-balance',
  },
  {
    text: /exceeded[^.]{0,20} budget limit/,
    is: 'billing',
    seen: 'common/text-budget-limit',
  },

  // Capacity words before throttle words (117111, I.17).
  {
    text: /overloaded|at capacity|(?:no|out of) capacity|capacity exceeded|high (?:demand|traffic)|server is busy|temporarily unavailable|too many concurrent requests on the server|worker local total request limit|负载已饱和|访问量过大/,
    is: 'overloaded',
    seen: 'common/text-overloaded',
  },
  // A proxy that knows no living machine behind it.
  {
    text: /no healthy upstream|(?:server|system|service|engine) is (?:currently |too )+busy|^model (?:is )?busy\b|maximum capacity|no instances available/,
    is: 'overloaded',
    seen: 'common/text-no-healthy-upstream',
  },
  {
    text: /rate[- ]?limit|too many requests|(?:requests?|tokens) per min|\b(?:tpm|rpm|qps)\b|throttl(?:ed|ing)|request rate increased|(?:too many|exceeded)[^.]{0,20}concurren|slow down/,
    is: 'rate_limit',
    seen: 'common/text-rate-limit',
  },

  // Who you are. What the token endpoint says about a refresh token is final.
  {
    api: 'oauth',
    text: /\b(?:token_expired|token_invalidated|token_revoked|invalid_grant|refresh_token_\w+)\b|refresh[ _]token (?:is |was |has |not )*(?:been )?(?:invalid|expired|revoked|found)/,
    is: 'auth_revoked',
    seen: 'common/oauth-text-refresh-refused',
  },
  {
    text: /(?:token|session|credential)s?(?: \w+)? (?:has |have |is |are )?(?:been )?expired|could not be validated|invalid (?:bearer|access|authentication) token|reauthenticat/,
    is: 'auth_expired',
    seen: 'common/text-token-expired',
  },
  {
    text: /(?:invalid|incorrect|unknown) (?:x-)?api[- ]?key|api[- ]?key (?:not valid|is invalid|expired|was reported|has been)|(?:token|key|access) (?:has |was |is )?(?:been )?(?:revoked|invalidated|blocked|terminated|disabled)|(?:account|organization|user|workspace) (?:has been |is |was )?(?:deactivated|suspended|disabled|banned|deleted)|authentication fails|无效的令牌|已被封禁|该令牌已过期|security token included in the request is invalid|blocked due to unauthorized/,
    is: 'auth_revoked',
    seen: 'common/text-incorrect-api-key',
  },
  {
    text: /(?:unable|failed) to authenticate\b|\baccess token (?:is )?(?:invalid|no longer valid)/,
    is: 'auth_expired',
    seen: 'common/text-unable-to-authenticate',
  },
  {
    text: /(?:did(?:n't| not) provide|missing|no) (?:an? |valid )?api[- ]?key\b|api[- ]?key is (?:missing|required)|refresh token (?:was|has been) already used|(?:could not|unable to) (?:load|locate|find|resolve) (?:the )?(?:default )?credentials|default credentials were not found|did not find \w{0,40}api_key/,
    is: 'auth_revoked',
    seen: 'common/text-no-api-key',
  },
  {
    text: /not supported when using|(?:key|token|account|team|project|plan)[^.]{0,40}(?:does not have access|not (?:allowed|permitted|authorized|entitled|eligible) to|does not include)|not available (?:on|in) (?:the|your)[^.]{0,20}(?:tier|plan|region|country)|must be verified|missing scopes?|insufficient permissions|(?:country|region|location)[^.]{0,40}not supported|no access to model|无权使用模型|lack an?[^.]{0,40}license|verify your account|invalid model for team|access to (?:the|this) [^.]{0,40}(?:denied|forbidden)|only authorized for use with|缺少作用域/,
    is: 'entitlement',
    seen: 'common/text-must-be-verified',
  },
  {
    text: /\bmodel\b.{0,80} (?:does not exist|not found|is not found|has been (?:deprecated|retired|decommissioned)|is not supported)|(?:unknown|invalid) model\b|invalid model name|not found the model|unknown provider for model|no such model|requested model is not|not a valid model(?: id)?\b/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'common/text-model-does-not-exist',
  },

  {
    text: /not (?:servable|offered) in (?:this |your )?region/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'common/text-not-servable',
  },
  {
    text: /\bmodels\/\S{1,80} is not found\b/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'common/text-models-path-not-found',
  },
  {
    text: /\bmodel \S{1,80} (?:is )?not supported\b/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'common/text-model-not-supported',
  },

  // Safety: phrases that providers write about a refusal, not words that a prompt may hold (I.11).
  {
    text: /content exists risk|sensitive words detected|content management policy|response was filtered|flagged for (?:possible|potential)|(?:violat\w+|against) (?:our|the)[^.]{0,20}(?:usage|content) polic|considered high risk|blocked by content filter|may contain inappropriate content|safety system/,
    is: 'content_policy',
    seen: 'common/text-flagged',
  },

  {
    text: /due to a content filter|content filter (?:was|being) triggered|^finish_reason: (?:safety|prohibited_content|blocklist)/,
    is: 'content_policy',
    seen: 'common/text-content-filter-triggered',
  },
  {
    text: /blocked due to (?:safety|recitation|prohibited_content|blocklist|spii)|may contain (?:sensitive|inappropriate) (?:content|information)/,
    is: 'content_policy',
    seen: 'common/text-blocked-due-to',
  },

  // Transport faults that somebody put into words.
  {
    text: /context cancell?ed|client closed request|request was aborted by the user/,
    is: 'cancelled',
    seen: 'common/text-context-canceled',
  },
  { text: /did not receive done or success/, is: 'connection', seen: 'common/text-no-done' },
  { text: /request was aborted/, is: 'cancelled', seen: 'common/text-request-aborted' },
  // Chromium's network stack (Electron editors), and what resolvers and kernels say.
  {
    text: /\bnet::err_(?!(?:connection_)?timed_out)\w+/,
    is: 'connection',
    seen: 'common/text-chromium-net-error',
  },
  {
    text: /upstream connect error|(?:failed|unable|could not|cannot) (?:to )?(?:connect|establish a (?:new )?connection)\b(?!.{0,200}timed out)|name or service not known|failure in name resolution|network is unreachable|broken pipe|connection broken|all connection attempts failed|socket disconnected/,
    is: 'connection',
    seen: 'common/text-cannot-connect',
  },
  {
    text: /stream (?:disconnected|closed before|ended without|ended before)|premature close|connection (?:reset|aborted|error|refused|closed)|socket hang up|(?:peer|server|remote end) (?:closed|disconnected)|no such host|unexpected_eof|certificate verify failed|bad record mac|without sending any chunks|network_error|closed the connection before|terminal response event|stop reason: abort|connection attempt failed|(?:: |unexpected )eof$|fetch failed|^(?:terminated|network error|failed to fetch|load failed)$|error sending request for url|received from peer$/,
    is: 'connection',
    seen: 'common/text-stream-disconnected',
  },
  {
    text: /(?<!gateway )(?:timed?[ _]?out|time-out)|deadline exceeded|upstream idle/,
    is: 'timeout',
    seen: 'common/text-timed-out',
  },
  {
    text: /unexpected (?:end of json|token)|not valid json|cannot unmarshal|unmarshal stream|returned no output|malformed_(?:response|function_call)|expected to have received `/,
    channel: ['exception', 'body', 'event', 'end'],
    is: 'invalid_response',
    seen: 'common/text-unexpected-end-of-json',
  },

  {
    text: /no (?:generations|output|content|object|response|candidates?) (?:found|generated|returned|received)|not provide any assistant messages|but none were returned|expecting value: line 1 column 1|invalid json response|(?:could not|failed to) parse (?:the )?(?:llm output|response|output)/,
    channel: ['exception', 'body', 'event', 'end'],
    is: 'invalid_response',
    seen: 'common/text-no-assistant-message',
  },

  // Cloudflare's numbers: 1015 is a rate limit of the site, the others refuse this machine.
  { text: /\berror(?: code:)? 1015\b/, is: 'rate_limit', seen: 'common/text-cloudflare-1015' },
  { text: /\berror(?: code:)? 10(?:0[5-9]|1[02]|20)\b/, is: 'connection', seen: 'common/text-cloudflare-1010' },
  // A firewall before a relay refuses the client, whoever it is.
  { status: 403, text: /^your request was blocked\.?$/, is: 'connection', seen: 'common/text-request-blocked' },
  {
    text: /^(?:\d{3} )?invalid (?:user |assistant |system |tool )?message\b/,
    is: 'invalid_request',
    seen: 'common/text-invalid-message',
  },

  { text: /improperly formed request/, is: 'invalid_request', seen: 'common/text-improperly-formed' },

  // Classes of SDKs: the message has had its say.
  {
    thrown: ['ratelimiterror', 'toomanyrequests', 'toomanyrequestserror', 'resourceexhausted'],
    is: 'rate_limit',
    seen: 'common/thrown-rate-limit-error',
  },
  {
    thrown: ['authenticationerror', 'unauthorizederror', 'unauthenticated'],
    is: 'auth_expired',
    seen: 'common/thrown-authentication-error',
  },
  {
    thrown: ['permissiondeniederror', 'permissiondenied', 'forbiddenerror'],
    is: 'entitlement',
    seen: 'common/thrown-permission-denied',
  },
  {
    thrown: ['serviceunavailableerror', 'serviceunavailable', 'overloadederror'],
    is: 'overloaded',
    seen: 'common/thrown-service-unavailable',
  },
  {
    thrown: ['internalservererror', 'servererror'],
    is: 'server_error',
    seen: 'common/thrown-internal-server-error',
  },
  { thrown: 'apiconnectionerror', is: 'connection', seen: 'common/thrown-api-connection-error' },
  {
    thrown: ['badrequesterror', 'unprocessableentityerror', 'invalidrequesterror', 'unsupportedparamserror'],
    text: /./,
    is: 'invalid_request',
    seen: 'common/thrown-bad-request',
  },

  // Types that say little come after every sentence (81453, I.12).
  {
    type: [
      'rate_limit_error',
      'rate_limit',
      'ratelimiterror',
      'too_many_requests',
      'toomanyrequests',
      'requests',
      'tokens',
      'resource_exhausted',
    ],
    is: 'rate_limit',
    seen: 'common/type-rate-limit-error',
  },
  {
    type: ['authentication_error', 'authenticationerror', 'autherror', 'unauthenticated', 'unauthorized'],
    is: 'auth_expired',
    seen: 'common/type-authentication-error',
  },
  {
    type: ['permission_error', 'permission_denied', 'permissiondeniederror', 'forbidden'],
    is: 'entitlement',
    seen: 'common/type-permission-error',
  },
  {
    type: ['not_found_error', 'notfounderror', 'notfound'],
    text: /model/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'common/type-not-found-model',
  },
  { type: ['timeout_error', 'deadline_exceeded'], is: 'timeout', seen: 'common/type-timeout-error' },
  {
    code: ['server_error', 'internal_error', 'internal_server_error', 'internal', 'vector_store_timeout'],
    is: 'server_error',
    seen: 'common/code-server-error',
  },
  {
    type: [
      'server_error',
      'api_error',
      'internal_error',
      'internal_server_error',
      'internalservererror',
      'upstream_error',
      'finish:error',
      'internal',
    ],
    text: /./,
    is: 'server_error',
    seen: 'common/type-server-error',
  },
  { type: ['server_error', 'api_error', 'finish:error'], is: 'server_error', seen: 'common/type-finish-error' },
  // The vaguest type of all: a status that names its cause knows more.
  {
    type: ['invalid_request_error', 'invalid_request'],
    status: 401,
    is: 'auth_expired',
    seen: 'common/type-invalid-request-401',
  },
  {
    type: ['invalid_request_error', 'invalid_request'],
    status: 402,
    is: 'billing',
    seen: 'common/type-invalid-request-402',
  },
  {
    type: ['invalid_request_error', 'invalid_request'],
    status: 403,
    is: 'entitlement',
    seen: 'common/type-invalid-request-403',
  },
  {
    type: ['invalid_request_error', 'invalid_request'],
    status: 429,
    is: 'rate_limit',
    seen: 'common/type-invalid-request-429',
  },
  {
    type: [
      'invalid_request_error',
      'invalid_request',
      'invalid_argument',
      'conflict_error',
      'badrequesterror',
      'badrequest',
      'unprocessableentityerror',
      'notimplementederror',
    ],
    text: /./,
    is: 'invalid_request',
    seen: 'common/type-invalid-request-error',
  },
]
