import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { dashScopeRules } from './dashscope.rules.ts'

/** Alibaba Model Studio with API keys; mainland keys: set `baseUrl: https://dashscope.aliyuncs.com/compatible-mode/v1`. Source: help.aliyun.com, 2026-08. */
export const provider = defineProvider({
  id: 'dashscope',
  label: 'DashScope (Qwen)',
  aliases: ['alibaba', 'alibaba-dashscope', 'alibaba-coding-plan', 'qwen', 'qwen-code', 'bailian', 'tongyi', 'aliyun'],
  wires: ['chat-completions'],
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['DASHSCOPE_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: dashScopeRules,
  readQuota: rateWindows,
})
