/** A process of its own that works on one SQLite home: `store-child.ts <task> <home> [count]`. Says one JSON line per committed step. */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Refresher } from '../../src/oauth/refresh.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import type { Store } from '../../src/pool/store-contract.ts'
import { rotateHomeKey } from '../../src/stores/open-sqlite.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { newCredential } from './pool-fixtures.ts'

const [task = '', home = '', count = '0'] = process.argv.slice(2)
const NOW = 1_767_225_600_000

function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}

/** Until the parent says go: then all children do the same at once. */
async function goes(): Promise<void> {
  say('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))
}

async function bench(store: Store, strikes: number): Promise<void> {
  await store.changeBench('cred_a', '*', (credential) => ({
    credentialId: credential.id,
    scope: '*',
    reason: 'quota_exhausted',
    sinceMs: NOW,
    untilMs: NOW + 1000,
    trialAtMs: NOW + 1000,
    dead: false,
    tokenGeneration: credential.generation,
    strikes,
    failedTrials: 0,
    evidence: { rule: 'child', message: 'x'.repeat(strikes % 250), timeSource: 'guess', seenAtMs: NOW },
  }))
}

const open = () => openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)

const TASKS: Record<string, () => Promise<void>> = {
  /** Counts and takes turns. */
  async count() {
    const store = await open()
    await goes()
    const turns: number[] = []
    for (let step = 0; step < Number(count); step += 1) {
      await store.readings.addUses([{ credentialId: 'cred_a', count: 1, lastUsedAtMs: NOW + step }])
      await store.changeBench('cred_a', '*', (credential, standing) => ({
        credentialId: credential.id,
        scope: '*',
        reason: 'rate_limit',
        sinceMs: NOW,
        untilMs: NOW + 1000,
        trialAtMs: NOW + 1000,
        dead: false,
        tokenGeneration: 1,
        strikes: (standing?.strikes ?? 0) + 1,
        failedTrials: 0,
        evidence: { rule: 'child', message: '', timeSource: 'guess', seenAtMs: NOW },
      }))
      turns.push(await store.nextTurn('openai'))
    }
    say({ turns })
    await store.close()
  },
  async claim() {
    const store = await open()
    await goes()
    say({
      claimed: await store.claimTrial(
        { credentialId: 'cred_a', scope: '*', holder: `p${process.pid}`, untilMs: NOW + 60_000 },
        NOW,
      ),
    })
    await store.close()
  },
  /** All children create the same home at once, and each adds its own credential. */
  async create() {
    await goes()
    const store = await open()
    await store.addCredential(newCredential(count), NOW)
    say({ secret: await store.readSecret(`cred_${count}`) })
    await store.close()
  },
  async bench() {
    const store = await open()
    await goes()
    await bench(store, 7)
    say('benched')
    await store.close()
  },
  /** Writes until killed; every line says what is committed. */
  async write() {
    const store = await open()
    for (let step = 1; ; step += 1) {
      await bench(store, step)
      say({ strikes: step })
      const renewed = await store.replaceSecret(
        'cred_a',
        { token: `token ${step} ${'t'.repeat(step % 400)}` },
        `finger-${step}`,
      )
      say({ generation: renewed.generation, step })
      await store.readings.addUses([{ credentialId: 'cred_a', count: 1, lastUsedAtMs: NOW + step }])
      say({ uses: step })
    }
  },
  /** Rotates the key and dies at the given step, as a power cut or kill -9 would have it. */
  async rotate() {
    await rotateHomeKey({ homeDirectory: home }, systemPlatform, undefined, (step) => {
      say({ step })
      if (step === count) process.kill(process.pid, 'SIGKILL')
    })
  },
  /** Keeps the store open, and says for each line it is told what it reads and that it can write. */
  async follow() {
    const store = await open()
    say('ready')
    for await (const line of createInterface({ input: process.stdin })) {
      const renewed = await store.replaceSecret('cred_a', { token: `sk-secret-${line}` }, line)
      say({
        secret: await store.readSecret('cred_a'),
        other: await store.readSecret('cred_b'),
        generation: renewed.generation,
      })
    }
    await store.close()
  },
  /** Fills the disk while a refresh token travels: the answer finds no room in the database. */
  async 'fill-in-refresh'() {
    const store = await open()
    const troubles: string[] = []
    const { credentials } = await store.snapshot()
    const login = credentials.find(({ id }) => id === 'cred_work')
    if (login === undefined) throw new Error('no login')
    const refresher = new Refresher({
      store: store.refreshes,
      platform: systemPlatform,
      wayOf: () => ({ machine: false }),
      ask: async () => {
        for (let size = 20_000; size > 10; size = Math.floor(size / 2)) {
          try {
            for (let step = 0; ; step += 1)
              await store.addCredential(newCredential(`f${size}-${step}`, { secret: { token: 't'.repeat(size) } }), NOW)
          } catch {
            // No room for that much: perhaps for half of it.
          }
        }
        return { kind: 'tokens', body: { access_token: 'at_1', refresh_token: 'rt_1', expires_in: 3600 } }
      },
      fingerprintOf,
      onTrouble: (message) => troubles.push(message),
    })
    const renewal = await refresher.renew(login, 1, { ms: 60_000 })
    say({ kind: renewal.kind, saved: renewal.kind === 'renewed' && renewal.saved, troubles })
    // As after a crash: nothing is tidied up.
    process.kill(process.pid, 'SIGKILL')
  },
  /** Fills the disk; says what is committed and how it ended. */
  async fill() {
    const store = await open()
    let committed = 0
    try {
      for (;;) {
        await store.addCredential(newCredential(`f${committed}`, { secret: { token: 't'.repeat(20_000) } }), NOW)
        committed += 1
      }
    } catch (error) {
      const { name, code, message } = error as { name: string; code: string; message: string }
      const { credentials } = await store.snapshot()
      say({ name, code, message, committed, seen: credentials.filter((each) => each.label.startsWith('f')).length })
    }
    await store.close()
  },
}

const work = TASKS[task]
if (work === undefined) throw new Error(`no task ${task}`)
work().catch((error: unknown) => {
  say({ failed: String(error) })
  process.exitCode = 1
})
