import { expect, it } from 'vitest'
import type { Bench } from '../../src/pool/bench.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { newCredential } from '../support/pool-fixtures.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** The whole file was read, changed and written back: of two writers the second undid the first, and an entry or a status was gone (19566, 19608). */
it('what two processes change at the same time are two changes', async () => {
  const platform = manualPlatform()
  const homeDirectory = temporaryHome()
  const open = () => openStore({ kind: 'sqlite', homeDirectory }, platform)
  const [one, other] = await Promise.all([open(), open()])
  await one.addCredential(newCredential('a'), 1)
  // Both have read the same before they write.
  await Promise.all([one.snapshot(), other.snapshot()])
  const bench = (scope: string): Bench => ({
    credentialId: 'cred_a',
    scope,
    reason: 'rate_limit',
    sinceMs: 1,
    untilMs: 2,
    trialAtMs: 2,
    dead: false,
    tokenGeneration: 1,
    strikes: 1,
    failedTrials: 0,
    evidence: { rule: 'test', message: '', timeSource: 'guess', seenAtMs: 1 },
  })
  const count = (_: unknown, standing: Bench | undefined) => ({ ...bench('*'), strikes: (standing?.strikes ?? 0) + 1 })
  await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).changeBench('cred_a', '*', count)),
    one.addCredential(newCredential('b'), 1),
    other.addCredential(newCredential('c'), 1),
    one.changeBench('cred_a', 'gpt-5.5', () => bench('gpt-5.5')),
    other.replaceSecret('cred_a', { token: 'new' }, 'finger-new'),
  ])
  for (const store of [one, other]) {
    const { credentials, benches } = await store.snapshot()
    expect(credentials.map(({ label, generation }) => `${label} ${generation}`).sort()).toEqual(['a 2', 'b 1', 'c 1'])
    expect(benches.map(({ scope, strikes }) => `${scope} ${strikes}`).sort()).toEqual(['* 20', 'gpt-5.5 1'])
  }
  await Promise.all([one.close(), other.close()])
})
