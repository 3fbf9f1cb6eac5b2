import { expect, it } from 'vitest'
import { relayBefore } from '../../test/support/relay-fixtures.ts'
import type { WireName } from '../wire/wire.ts'

const PROVIDERS: Readonly<Record<WireName, string>> = {
  responses: 'openai',
  'chat-completions': 'openai',
  messages: 'anthropic',
}

/** Taking 200 KB apart costs as much as all the rest of a call. Where there are several accounts it is done once, to know the conversation. */
it.each(Object.entries(PROVIDERS))(
  'the body of a healthy call to the only account is not taken apart (%s)',
  async (wire, provider) => {
    const relay = await relayBefore({ routes: [{ provider, tokens: ['a'] }], wire: wire as WireName })
    // Until the pool has been looked at once, nobody knows that the account is the only one.
    await relay.call()
    const before = relay.bodyReads()
    expect((await relay.call()).status).toBe(200)
    expect(relay.bodyReads()).toBe(before)
  },
)
