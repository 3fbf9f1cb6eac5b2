import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { credentialOf, newCredential } from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import type { SecretCommandOutcome } from '../platform/run-secret-command.ts'
import type { SecretFileLook } from '../platform/secret-file.ts'
import type { Credential, SecretSource } from './credential.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type ReferenceReaders, ReferencedSecrets } from './referenced-secrets.ts'

const REPLACE = 'replaceSecret'
const broken = new TypeError('a bug, not a disk')
const variable: SecretSource = { kind: 'env', variable: 'TEST_KEY' }
const file: SecretSource = { kind: 'file', path: '/k' }
const command: SecretSource = { kind: 'command', argv: ['vault', 'a'], cacheMs: 60_000 }

const of = (source: SecretSource, given: Partial<Credential> = {}) =>
  credentialOf({ source, fingerprint: fingerprintOf('sk-old'), ...given })

async function following(readers: ReferenceReaders, sources: readonly SecretSource[] = []) {
  const disk = refusingStore()
  for (const [each, source] of sources.entries()) {
    const name = 'ab'[each] ?? 'c'
    await disk.store.addCredential(newCredential(name, { source, fingerprint: fingerprintOf(`sk-old-${name}`) }), 0)
  }
  const platform = manualPlatform()
  const notices: string[] = []
  const secrets = new ReferencedSecrets(readers, platform.clock, (message) => notices.push(message))
  const credentials = async () => (await disk.store.snapshot()).credentials
  const replaced = () => disk.calls.filter((call) => call === REPLACE).length
  return { ...disk, platform, notices, secrets, credentials, replaced }
}

const vault = (...outcomes: (string | { readonly why: string })[]) => {
  const state = { runs: 0, argv: [] as readonly string[] }
  return {
    state,
    command: (argv: readonly string[]): Promise<SecretCommandOutcome> => {
      const outcome = outcomes[Math.min(state.runs, outcomes.length - 1)] ?? ''
      state.runs += 1
      state.argv = argv
      return Promise.resolve(
        typeof outcome === 'string' ? { kind: 'said', text: outcome } : { kind: 'failed', why: outcome.why },
      )
    },
  }
}

describe('a variable', () => {
  it('is read at every use, without white space', async () => {
    let value: string | undefined = '  sk-old\n'
    const { secrets } = await following({ environment: (name) => (name === 'TEST_KEY' ? value : 'another') })
    expect(await secrets.secretOf(of(variable))).toEqual({ token: 'sk-old' })
    expect(await secrets.secretOf(of(variable, { accountId: 'org' }))).toEqual({ token: 'sk-old', accountId: 'org' })
    expect([secrets.missing(of(variable)), secrets.agrees(of(variable))]).toEqual([undefined, true])
    value = 'sk-new'
    expect(secrets.agrees(of(variable))).toBe(false)
    for (value of ['', ' \n', undefined]) {
      expect(secrets.missing(of(variable))).toBe('TEST_KEY is not set')
      expect(secrets.agrees(of(variable))).toBe(false)
      await expect(secrets.secretOf(of(variable))).rejects.toMatchObject({
        code: 'not_found',
        message: 'the secret of credential a: TEST_KEY is not set',
      })
    }
  })

  it('cannot be had where no environment is read; a stored secret is nobody’s reference', async () => {
    const { secrets } = await following({})
    expect(secrets.missing(of(variable))).toBe('TEST_KEY is not set')
    const stored = credentialOf()
    expect([secrets.missing(stored), secrets.agrees(stored)]).toEqual([undefined, true])
  })
})

describe('a file', () => {
  const looks = (...given: SecretFileLook[]) => {
    const marks: (string | undefined)[] = []
    return {
      marks,
      file: (path: string, mark?: string): Promise<SecretFileLook> => {
        expect(path).toBe('/k')
        const look = given[Math.min(marks.length, given.length - 1)]
        marks.push(mark)
        return Promise.resolve(look ?? { kind: 'same' })
      },
    }
  }

  it('is asked with the mark of the last look, and holds while it is the same', async () => {
    const { marks, file: read } = looks({ kind: 'read', text: 'sk-old', mark: 'm1' }, { kind: 'same' })
    const { secrets } = await following({ file: read })
    expect(await secrets.secretOf(of(file))).toEqual({ token: 'sk-old' })
    expect(await secrets.secretOf(of(file))).toEqual({ token: 'sk-old' })
    expect(marks).toEqual([undefined, 'm1'])
    // Another path under the same id is another file: what was read does not count.
    expect(secrets.agrees(of({ kind: 'file', path: '/other' }))).toBe(false)
  })

  it('that holds no key is not read again until it changes', async () => {
    const { marks, file: read } = looks({ kind: 'read', text: 'one\ntwo', mark: 'm1' }, { kind: 'same' })
    const { secrets } = await following({ file: read })
    await secrets.look([of(file)])
    await secrets.look([of(file)])
    expect(secrets.missing(of(file))).toBe('/k gave 2 lines where one key was expected')
    expect(marks).toEqual([undefined, 'm1'])
  })

  it('that cannot be read says why, and is read anew', async () => {
    const { marks, file: read } = looks(
      { kind: 'read', text: 'sk-old', mark: 'm1' },
      { kind: 'unreadable', why: 'no such file' },
    )
    const { secrets } = await following({ file: read })
    await secrets.look([of(file)])
    await secrets.look([of(file)])
    expect(secrets.missing(of(file))).toBe('/k cannot be read: no such file')
    await secrets.look([of(file)])
    expect(marks).toEqual([undefined, 'm1', undefined])
    const blind = await following({})
    await blind.secrets.look([of(file)])
    expect(blind.secrets.missing(of(file))).toBe('/k cannot be read: files are not read here')
  })

  it('that others can read is told once for each path', async () => {
    const open: SecretFileLook = { kind: 'read', text: 'sk-old', mark: 'm', openToOthers: '644' }
    const { secrets, notices } = await following({ file: () => Promise.resolve(open) })
    for (const path of ['/k', '/k', '/l']) await secrets.look([of({ kind: 'file', path })])
    expect(notices).toEqual(
      ['/k', '/l'].map(
        (path) =>
          `${path} can be read by others (mode 644): chmod 600 it, and replace the key if others use this machine`,
      ),
    )
    const silent = new ReferencedSecrets({ file: () => Promise.resolve(open) }, manualPlatform().clock)
    await expect(silent.look([of(file)])).resolves.toBeUndefined()
  })
})

describe('a command', () => {
  it('is run at use, kept for its time, and never by a list', async () => {
    const { state, command: run } = vault('sk-old\n')
    const { secrets, platform } = await following({ command: run })
    await secrets.look([of(command)])
    expect([state.runs, secrets.missing(of(command))]).toEqual([0, undefined])
    expect(await secrets.secretOf(of(command))).toEqual({ token: 'sk-old' })
    platform.advance(59_999)
    await secrets.secretOf(of(command))
    expect([state.runs, state.argv]).toEqual([1, ['vault', 'a']])
    platform.advance(1)
    await secrets.secretOf(of(command))
    expect(state.runs).toBe(2)
    platform.advance(-1)
    await secrets.secretOf(of(command))
    expect(state.runs).toBe(3)
  })

  it('that is kept for no time is kept for a second', async () => {
    const { state, command: run } = vault('sk-1', 'sk-2')
    const { secrets, platform } = await following({ command: run })
    const each = of({ ...command, cacheMs: 0 })
    expect(await secrets.secretOf(each)).toEqual({ token: 'sk-1' })
    platform.advance(999)
    expect(await secrets.secretOf(each)).toEqual({ token: 'sk-1' })
    platform.advance(1)
    expect(await secrets.secretOf(each)).toEqual({ token: 'sk-2' })
    expect(state.runs).toBe(2)
  })

  it('that fails is left alone for ten seconds, and says why meanwhile', async () => {
    const { state, command: run } = vault({ why: 'exit code 1' }, 'one two', 'sk-old')
    const { secrets, platform } = await following({ command: run })
    const why = 'its command failed: exit code 1'
    await expect(secrets.secretOf(of(command))).rejects.toThrow(`the secret of credential a: ${why}`)
    platform.advance(9_999)
    await expect(secrets.secretOf(of(command))).rejects.toThrow(why)
    expect([state.runs, secrets.missing(of(command))]).toEqual([1, why])
    platform.advance(1)
    expect(secrets.missing(of(command))).toBeUndefined()
    await expect(secrets.secretOf(of(command))).rejects.toThrow('gave spaces or characters that no key has')
    platform.advance(10_000)
    expect(await secrets.secretOf(of(command))).toEqual({ token: 'sk-old' })
  })

  it('is run once for all who come together, and for each credential by itself', async () => {
    let answer = (_: SecretCommandOutcome) => {}
    let runs = 0
    const { secrets } = await following({
      command: () => {
        runs += 1
        return new Promise((resolve) => (answer = resolve))
      },
    })
    const waiting = [secrets.secretOf(of(command)), secrets.secretOf(of(command))]
    await Promise.resolve()
    answer({ kind: 'said', text: 'sk-old' })
    expect(await Promise.all(waiting)).toEqual([{ token: 'sk-old' }, { token: 'sk-old' }])
    const other = secrets.secretOf(of(command, { id: 'cred_b' }))
    await Promise.resolve()
    answer({ kind: 'said', text: 'sk-other' })
    expect([await other, runs]).toEqual([{ token: 'sk-other' }, 2])
  })

  it('is run again after a failure of the runner itself', async () => {
    let fails = true
    const { secrets } = await following({
      command: () => (fails ? Promise.reject(broken) : Promise.resolve({ kind: 'said', text: 'sk-old' })),
    })
    await expect(secrets.secretOf(of(command))).rejects.toBe(broken)
    fails = false
    expect(await secrets.secretOf(of(command))).toEqual({ token: 'sk-old' })
    const blind = await following({})
    await expect(blind.secrets.secretOf(of(command))).rejects.toThrow('its command failed: commands are not run here')
  })

  it('is run again when the provider refused this very key, and no other', async () => {
    const { state, command: run } = vault('sk-old')
    const { secrets } = await following({ command: run })
    secrets.refused(of(command))
    await secrets.secretOf(of(command))
    secrets.refused(of(command, { fingerprint: fingerprintOf('another') }))
    secrets.refused(of(variable))
    await secrets.secretOf(of(command))
    expect(state.runs).toBe(1)
    secrets.refused(of(command))
    await secrets.secretOf(of(command))
    expect(state.runs).toBe(2)
  })
})

describe('announcing', () => {
  it('tells the pool of a new value, once, and of the value that it knows not at all', async () => {
    let value = 'sk-old-a'
    const { secrets, store, credentials, replaced } = await following({ environment: () => value }, [variable])
    const announce = async () => secrets.announce(store, await credentials(), () => false)
    await announce()
    expect(replaced()).toBe(0)
    value = 'sk-new'
    const before = await credentials()
    await announce()
    await secrets.announce(store, before, () => false)
    expect([replaced(), (await credentials())[0]?.fingerprint]).toEqual([1, fingerprintOf('sk-new')])
    value = ''
    await announce()
    value = 'sk-newer'
    await announce()
    expect([replaced(), (await credentials())[0]?.generation]).toEqual([2, 3])
  })

  it('looks at files and variables, and runs the commands of refused keys only', async () => {
    const { state, command: run } = vault('sk-new')
    const { secrets, store, credentials } = await following({ command: run, environment: () => 'sk-var' }, [
      command,
      variable,
    ])
    await secrets.announce(store, await credentials(), () => false)
    expect([state.runs, (await credentials()).map(({ generation }) => generation)]).toEqual([0, [1, 2]])
    await secrets.announce(store, await credentials(), ({ source }) => source.kind === 'command')
    expect([state.runs, (await credentials()).map(({ generation }) => generation)]).toEqual([1, [2, 2]])
  })

  it('goes on when the store refuses; fails when it is closed or has a bug', async () => {
    const { secrets, store, credentials, refuse } = await following({ environment: () => value }, [variable])
    let value = 'sk-one'
    const announce = async () => secrets.announce(store, await credentials(), () => false)
    refuse('full', REPLACE)
    await announce()
    expect((await credentials())[0]?.generation).toBe(1)
    value = 'sk-two'
    refuse('closed', REPLACE)
    await expect(announce()).rejects.toMatchObject({ code: 'closed' })
    value = 'sk-three'
    refuse(broken, REPLACE)
    await expect(announce()).rejects.toBe(broken)
  })

  it('is tried again ten seconds after the store refused, and never where the refusal is final', async () => {
    const { secrets, store, credentials, refuse, replaced, platform } = await following(
      { environment: () => 'sk-new' },
      [variable],
    )
    const announce = async () => secrets.announce(store, await credentials(), () => false)
    refuse('locked', REPLACE)
    await announce()
    refuse('full')
    platform.advance(9_999)
    await announce()
    expect(replaced()).toBe(1)
    platform.advance(1)
    await announce()
    expect([replaced(), (await credentials())[0]?.generation]).toEqual([2, 2])
    for (const code of ['duplicate_credential', 'not_found'] as const) {
      const other = await following({ environment: () => 'sk-new' }, [variable])
      other.refuse(code, REPLACE)
      for (let call = 0; call < 3; call += 1) {
        await other.secrets.announce(other.store, await other.credentials(), () => false)
        other.platform.advance(60_000)
      }
      expect(other.replaced()).toBe(1)
    }
  })

  it('before a credential is lent tells whether to choose again', async () => {
    const { command: run } = vault('sk-old-a', 'sk-new', { why: 'locked' })
    const { secrets, store, credentials, platform, replaced } = await following({ command: run }, [command])
    const prepare = async () => {
      const [credential] = await credentials()
      const prepared = credential && (await secrets.prepare(store, credential))
      platform.advance(60_000)
      return prepared
    }
    expect(await secrets.prepare(store, credentialOf())).toBe('ready')
    expect(await prepare()).toBe('ready')
    expect([await prepare(), replaced()]).toEqual(['changed', 1])
    expect(await prepare()).toBe('changed')
    expect(replaced()).toBe(1)
  })

  it('counts no change where the store refused it', async () => {
    const { command: run } = vault('sk-new')
    const { secrets, store, credentials, refuse } = await following({ command: run }, [command])
    refuse('full', REPLACE)
    const [credential] = await credentials()
    expect(credential && (await secrets.prepare(store, credential))).toBe('ready')
  })
})
