import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newCredential, testPool } from '../../test/support/pool-fixtures.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import type { SecretCommandOutcome } from '../platform/run-secret-command.ts'
import { readSecretFile } from '../platform/secret-file.ts'
import { fingerprintOf } from './fingerprint.ts'

const OLD = 'sk-the-old-one'
const said = (text: string): SecretCommandOutcome => ({ kind: 'said', text })
const CACHE_MS = 60_000
const command = (name = 'a', cacheMs = CACHE_MS) =>
  newCredential(name, { source: { kind: 'command', argv: ['vault', name], cacheMs }, fingerprint: fingerprintOf(OLD) })

describe('a key in a file', () => {
  function world() {
    const path = join(temporaryHome(), 'key')
    const put = (text: string, mode = 0o600) => {
      writeFileSync(path, text)
      chmodSync(path, mode)
    }
    const given = newCredential('a', { source: { kind: 'file', path }, fingerprint: fingerprintOf(OLD) })
    return { path, put, given }
  }

  it('is read at use; a changed file is a new generation that lifts what the old key suffered', async () => {
    const { put, given } = world()
    put(`${OLD}\n`)
    const { lend, who, failWith, store } = await testPool([given], { references: { file: readSecretFile } })
    expect(await (await lend()).secret()).toEqual({ token: OLD })
    await failWith('auth_revoked')
    expect(await who()).toBe('nothing')
    put('sk-the-new-one-is-longer')
    expect(await (await lend()).secret()).toEqual({ token: 'sk-the-new-one-is-longer' })
    expect((await store.snapshot()).credentials[0]).toMatchObject({ generation: 2 })
  })

  it('that is unchanged is not read again', async () => {
    const { path, put, given } = world()
    put(OLD)
    const kinds: string[] = []
    const file = async (at: string, mark?: string) => {
      const look = await readSecretFile(at, mark)
      kinds.push(look.kind)
      return look
    }
    const { lend } = await testPool([given], { references: { file } })
    for (let call = 0; call < 3; call += 1) await (await lend()).release()
    expect(path).not.toBe('')
    expect(kinds.filter((kind) => kind === 'read')).toHaveLength(1)
  })

  it.each([
    ['two lines', 'one\ntwo\n', 'gave 2 lines where one key was expected'],
    ['nothing', '  \n', 'gave nothing'],
  ])('that holds %s keeps its credential out, and only that one (108671)', async (_what, text, why) => {
    const { path, put, given } = world()
    put(text)
    const { who, pool } = await testPool([given, 'b'], { references: { file: readSecretFile } })
    expect(await who()).toBe('b')
    expect((await pool.describe())[0]?.standing).toEqual({ kind: 'missing', why: `${path} ${why}` })
  })

  it('that others can read is told once', async () => {
    const { put, given } = world()
    put(OLD, 0o644)
    const told: string[] = []
    const { lend } = await testPool([given], {
      references: { file: readSecretFile },
      onTrouble: ({ message }) => told.push(message),
    })
    for (let call = 0; call < 3; call += 1) await (await lend()).release()
    expect(told).toHaveLength(1)
    expect(told[0]).toContain('mode 644')
  })
})

describe('a key behind a command', () => {
  function vault(first: string) {
    const state = { value: said(first), runs: 0 }
    const references = {
      command: () => {
        state.runs += 1
        return Promise.resolve(state.value)
      },
    }
    return { state, references }
  }

  it('is asked for when it is lent, once for the time it is kept; lists ask nobody', async () => {
    const { state, references } = vault(OLD)
    const { lend, pool, platform } = await testPool([command(), command('b')].slice(0, 1), { references })
    await pool.describe()
    expect(state.runs).toBe(0)
    for (let call = 0; call < 3; call += 1) expect(await (await lend()).secret()).toEqual({ token: OLD })
    expect(state.runs).toBe(1)
    platform.advance(CACHE_MS - 1)
    await lend()
    expect(state.runs).toBe(1)
    platform.advance(1)
    await lend()
    expect(state.runs).toBe(2)
  })

  it('calls that come together wait for one run', async () => {
    const { state, references } = vault(OLD)
    const { lend } = await testPool([command()], { references })
    await Promise.all([lend(), lend(), lend(), lend()])
    expect(state.runs).toBe(1)
  })

  it('is asked for again when the provider refuses it: a new key serves at once', async () => {
    const { state, references } = vault(OLD)
    const { failWith, lend, store } = await testPool([command()], { references })
    await (await lend()).release()
    state.value = said('sk-the-new-one')
    await failWith('auth_revoked')
    expect(await (await lend()).secret()).toEqual({ token: 'sk-the-new-one' })
    expect(state.runs).toBe(2)
    expect((await store.snapshot()).credentials[0]).toMatchObject({ generation: 2 })
  })

  it('refused and the same as before: stays dead, and is not asked at every call', async () => {
    const { state, references } = vault(OLD)
    const { failWith, who } = await testPool([command()], { references })
    await failWith('auth_revoked')
    for (let call = 0; call < 4; call += 1) expect(await who()).toBe('nothing')
    expect(state.runs).toBe(2)
  })

  it('that fails lets others serve, and is tried again a while later', async () => {
    const { state, references } = vault(OLD)
    state.value = { kind: 'failed', why: 'it ended with exit code 1' }
    const { who, pool, platform } = await testPool([command(), 'b'], { references })
    expect(await who()).toBe('b')
    expect(await who()).toBe('b')
    expect(state.runs).toBe(1)
    expect((await pool.describe())[0]?.standing).toEqual({
      kind: 'missing',
      why: 'its command failed: it ended with exit code 1',
    })
    state.value = said(OLD)
    platform.advance(9_999)
    expect(await who()).toBe('b')
    platform.advance(1)
    expect(await who()).toBe('a')
  })
})
