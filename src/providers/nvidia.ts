import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { nvidiaRules } from './nvidia.rules.ts'

/** NVIDIA API catalogue with API keys. Source: build.nvidia.com, 2026-08. */
export const provider = defineProvider({
  id: 'nvidia',
  label: 'NVIDIA NIM',
  aliases: ['nvidia-nim', 'nim'],
  wires: ['chat-completions'],
  baseUrl: 'https://integrate.api.nvidia.com/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['NVIDIA_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: nvidiaRules,
  readQuota: rateWindows,
})
