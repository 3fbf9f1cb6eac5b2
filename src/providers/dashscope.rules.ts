import type { Rule } from '../failure/rule.ts'

/** DashScope (Alibaba Model Studio, Qwen). `AllocationQuota` is tokens per minute, whatever its name says. Source: help.aliyun.com error codes and captures, 2026-11. */
export const dashScopeRules: readonly Rule[] = [
  {
    code: ['throttling.allocationquota', 'limitrequests', 'limit_requests', 'limit_burst_rate'],
    is: 'rate_limit',
    modelScoped: true,
    seen: 'dashscope/429-allocation-quota',
  },
  {
    code: ['throttling', 'throttling.ratequota', 'throttling.burstrate', 'throttling.concurrency'],
    is: 'rate_limit',
    modelScoped: true,
    seen: 'dashscope/429-throttling',
  },
  // The compatible surface calls a full minute `insufficient_quota`.
  {
    code: 'insufficient_quota',
    text: /allocated quota exceeded|increase your quota limit/,
    is: 'rate_limit',
    modelScoped: true,
    seen: 'dashscope/429-allocated-quota',
  },
  {
    code: 'allocationquota.freetieronly',
    is: 'quota_exhausted',
    modelScoped: true,
    seen: 'dashscope/403-free-tier-only',
  },
  {
    code: ['arrearage', 'prepaidbilloverdue', 'postpaidbilloverdue', 'budgetlimitexceeded'],
    is: 'billing',
    seen: 'dashscope/400-arrearage',
  },
  { code: ['invalidapikey', 'invalid_api_key'], is: 'auth_revoked', seen: 'dashscope/401-invalid-api-key' },
  { text: /invalid access token or token expired/, is: 'auth_revoked', seen: 'dashscope/401-plan-token' },
  {
    code: [
      'accessdenied.unpurchased',
      'model.accessdenied',
      'commoditynotpurchased',
      'workspace.accessdenied',
      'accessdenied',
    ],
    is: 'entitlement',
    modelScoped: true,
    seen: 'dashscope/403-unpurchased',
  },
  {
    code: ['modelnotfound', 'model_not_found', 'model_not_supported'],
    is: 'model_not_found',
    modelScoped: true,
    seen: 'dashscope/404-model',
  },
  { text: /range of input length should be/, is: 'context_overflow', seen: 'dashscope/400-input-length' },
  {
    code: ['datainspectionfailed', 'data_inspection_failed'],
    is: 'content_policy',
    seen: 'dashscope/400-data-inspection',
  },
  { code: 'badrequest.toolarge', is: 'payload_too_large', seen: 'dashscope/413-too-large' },
  {
    code: ['requesttimeout', 'internalerror.timeout', 'responsetimeout'],
    is: 'timeout',
    seen: 'dashscope/408-request-timeout',
  },
  {
    code: ['throttling.serviceoverloaded', 'serviceunavailable', 'modelunavailable', 'modelservingerror'],
    is: 'overloaded',
    seen: 'dashscope/503-overloaded',
  },
  { code: ['internalerror', 'internalerror.algo', 'systemerror'], is: 'server_error', seen: 'dashscope/500-internal' },
  {
    code: ['invalidparameter', 'invalid_parameter_error', 'badrequest'],
    is: 'invalid_request',
    seen: 'dashscope/400-parameter',
  },
]
