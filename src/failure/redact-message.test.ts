import { expect, it } from 'vitest'
import { redactMessage } from './redact-message.ts'

it.each([
  ['Incorrect API key provided: sk-proj-AbC123def.', 'Incorrect API key provided: [redacted]'],
  ['sk-ant-api03-XYZ123 was refused', '[redacted] was refused'],
  ['xai-AbC123def456', '[redacted]'],
  ['ghu_AbC123def456 and gsk_AbC123def456', '[redacted] and [redacted]'],
  ['sk-****1234', '[redacted]'],
  ['key_model_access_denied', 'key_model_access_denied'],
  ['key-model-access.', 'key-model-access.'],
  ['key_model_2access', '[redacted]'],
  ['monkey_business1', 'monkey_business1'],
  ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig-nature end', 'token [redacted] end'],
  ['AIzaSyA1234567890abcdefghij is leaked', '[redacted] is leaked'],
  ['AKIAABCDEFGHIJKLMNOP is unknown', '[redacted] is unknown'],
  ['AKIAABC is short', 'AKIAABC is short'],
  ['Authorization: Bearer abcdEFGH1234+/=~ failed', 'Authorization: Bearer [redacted] failed'],
  ['Authorization: Bearer \n abcdEFGH1234', 'Authorization: Bearer \n [redacted]'],
  ['no key-model-access for key_model_access.', 'no key-model-access for key_model_access.'],
  ['bearer short', 'bearer short'],
  ['https://x/?key=abc&a=1', 'https://x/?key=[redacted]&a=1'],
  ['https://x/?a=1&access_token=abc" then', 'https://x/?a=1&access_token=[redacted]" then'],
  ['https://x/?api_key=abc token=abc', 'https://x/?api_key=[redacted] token=abc'],
  ['nothing to hide', 'nothing to hide'],
])('%s', (text, clean) => {
  expect(redactMessage(text)).toBe(clean)
})
