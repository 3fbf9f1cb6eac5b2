import type { WireName } from '../wire/wire.ts'
import { defineProvider, type HeaderPairs, type ProviderSecret } from './provider.ts'
import { rateWindowsWith } from './quota/rate-limit-headers.ts'

/** Throttles as OpenAI and most compatible servers announce them; how long `requests` and `tokens` count differs and is left out. */
export const rateWindows = rateWindowsWith()

/** Any endpoint that speaks one of the three wires: vLLM, llama.cpp, LM Studio, a company's relay. The configuration gives its base URL. */
export const provider = defineProvider({
  id: 'openai-compatible',
  label: 'Any compatible endpoint',
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: '',
  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: [],
  authHeaders: bearerOrApiKey,
  rules: [],
  readQuota: rateWindows,
})

export function bearer(token: string): HeaderPairs {
  return [['authorization', `Bearer ${token}`]]
}

/** Servers of the Messages wire look at one of the two headers; the other is ignored. */
export function bearerOrApiKey({ token }: ProviderSecret, wire: WireName): HeaderPairs {
  return wire === 'messages' ? [...bearer(token), ['x-api-key', token]] : bearer(token)
}
