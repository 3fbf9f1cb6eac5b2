import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { huggingFaceRules } from './huggingface.rules.ts'

/** Hugging Face Inference Providers with a user token. Source: huggingface.co docs, 2026-08. */
export const provider = defineProvider({
  id: 'huggingface',
  label: 'Hugging Face',
  aliases: ['hf', 'hugging-face'],
  wires: ['chat-completions', 'responses'],
  baseUrl: 'https://router.huggingface.co/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: huggingFaceRules,
  readQuota: rateWindows,
})
