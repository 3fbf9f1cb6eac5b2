import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { bedrockRules } from './bedrock.rules.ts'

/** AWS Bedrock by its OpenAI-compatible host, with a Bedrock API key (bearer token). Other regions: set `baseUrl`. Source: AWS docs, 2026-08. */
export const provider = defineProvider({
  id: 'bedrock',
  label: 'AWS Bedrock',
  aliases: ['aws-bedrock', 'amazon-bedrock', 'bedrock-proxy', 'aws'],
  wires: ['chat-completions', 'responses'],
  baseUrl: 'https://bedrock-mantle.us-east-1.api.aws/openai/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
  authHeaders: ({ token }) => bearer(token),
  rules: bedrockRules,
  readQuota: rateWindows,
})
