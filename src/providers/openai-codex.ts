import type { HeaderRecord } from '../failure/evidence.ts'
import { identityOf } from '../oauth/account-identity.ts'
import { openAiCodexRules } from './openai-codex.rules.ts'
import { type AdaptedRequest, defineProvider, type OutgoingRequest, type ProviderSecret } from './provider.ts'
import { codexAccount, codexWindows } from './quota/codex-headers.ts'
import { codexUsageProbe } from './quota/codex-usage.ts'

/**
 * The ChatGPT/Codex backend with the user's own ChatGPT accounts. Undocumented: every field may be missing.
 * Source: the open-source Codex CLI (codex-rs), 2026-08, and captures to 2026-11.
 */
export const provider = defineProvider({
  id: 'openai-codex',
  label: 'OpenAI Codex (ChatGPT login)',
  aliases: ['codex', 'chatgpt', 'openai-chatgpt'],
  wires: ['responses'],
  baseUrl: 'https://chatgpt.com/backend-api/codex',
  auth: ['oauth'],
  oauth: {
    flavour: 'chatgpt',
    issuer: 'https://auth.openai.com',
    // The public client of the open-source Codex CLI: its logins are the only ones that this backend takes.
    clientId: 'app_EMoamEEZ73f0CkXaXp7hrann',
    scopes: ['openid', 'profile', 'email', 'offline_access', 'api.connectors.read', 'api.connectors.invoke'],
    callbackPorts: [1455, 1457],
    callbackPath: '/auth/callback',
  },
  keepsAnswers: false,
  billing: 'subscription',
  environmentVariables: [],
  authHeaders,
  adapt,
  rules: openAiCodexRules,
  readQuota: codexWindows,
  quotaHeaders: ['x-codex-*', 'x-<limit id>-*'],
  readAccount: codexAccount,
  usageProbe: codexUsageProbe,
  identify,
  models: ['gpt-5.5', 'gpt-5.5-codex', 'gpt-5.1-codex', 'gpt-5.1-codex-mini'],
})

function authHeaders({ token, accountId }: ProviderSecret, _wire: string, incoming: HeaderRecord) {
  return [
    ['authorization', `Bearer ${token}`] as const,
    ...(accountId === undefined ? [] : [['chatgpt-account-id', accountId] as const]),
    // The backend refuses requests that do not say who originated them; a real client's own word stays.
    ...(incoming['originator'] === undefined ? [['originator', 'sparekey'] as const] : []),
    ['accept', 'text/event-stream'] as const,
  ]
}

/** Fields of the public Responses API that this backend answers with 400 `Unsupported parameter`. Source: wire captures, 2026-08. */
const REFUSED = [
  'background',
  'conversation',
  'frequency_penalty',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'moderation',
  'presence_penalty',
  'previous_response_id',
  'prompt_cache_retention',
  'safety_identifier',
  'stream_options',
  'temperature',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
] as const

/** Makes any Responses request fit: `store: false`, always a stream, a list as input, instructions present; refused fields are left out and named. */
function adapt({ body, stream }: OutgoingRequest): AdaptedRequest {
  const dropped = REFUSED.filter((field) => body[field] !== undefined && body[field] !== null)
  const present = REFUSED.some((field) => Object.hasOwn(body, field))
  const fits =
    !present &&
    body['store'] === false &&
    body['stream'] === true &&
    typeof body['instructions'] === 'string' &&
    Array.isArray(body['input'])
  if (fits) return { body, dropped: [], gather: !stream }
  const adapted: Record<string, unknown> = { ...body }
  for (const field of REFUSED) delete adapted[field]
  const { input } = body
  if (typeof input === 'string') adapted['input'] = [userMessage(input)]
  if (typeof body['instructions'] !== 'string') adapted['instructions'] = ''
  adapted['store'] = false
  adapted['stream'] = true
  // A caller that asked for storage learns that nothing is stored.
  return { body: adapted, dropped: body['store'] === true ? [...dropped, 'store'] : dropped, gather: !stream }
}

function userMessage(text: string) {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
}

/** Account, address and expiry from a token's claims. */
function identify(token: string) {
  const identity = identityOf(token)
  return Object.keys(identity).length === 0 ? undefined : identity
}
