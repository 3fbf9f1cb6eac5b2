import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { commandLine } from '../support/cli.ts'
import { temporaryHome } from '../support/temporary-home.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const PLANTED = {
  stored: 'sk-planted-stored-Qx71',
  variable: 'sk-planted-variable-Qx72',
  file: 'sk-planted-file-Qx73',
  command: 'sk-planted-command-Qx74',
  passphrase: 'planted passphrase Qx75',
} as const
const FORMS = Object.values(PLANTED).flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
])

function expectNone(bytes: Buffer | string, where: string): void {
  for (const form of FORMS) expect(bytes.includes(form), `${form} in ${where}`).toBe(false)
}

function expectNoneIn(folder: string): readonly string[] {
  const names = readdirSync(folder)
  for (const name of names)
    if (statSync(join(folder, name)).isFile()) expectNone(readFileSync(join(folder, name)), name)
  return names
}

/** A gateway as people start it; what it says is kept. */
function gateway(home: string, variables: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'serve', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS: process.env['NODE_OPTIONS'],
      HOME: home,
      SPAREKEY_HOME: home,
      ...variables,
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  const url = new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer) => {
      said += part.toString()
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
      if (found !== undefined && said.includes('Ctrl-C stops')) resolve(found)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', () => reject(new Error(`it ended: ${said}`)))
  })
  return { child, url, said: () => said }
}

function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('close', resolve))
}

it('planted secrets appear nowhere: files, WAL, journal, logs, answers, process list, backups, JSON', {
  timeout: 120_000,
}, async () => {
  const elsewhere = temporaryHome()
  const keyFile = join(elsewhere, 'key')
  writeFileSync(keyFile, PLANTED.file, { mode: 0o600 })
  const vault = join(elsewhere, 'vault.mjs')
  const trace = join(elsewhere, 'trace')
  // The secret manager notes down what it was started with.
  writeFileSync(
    vault,
    `import { readFileSync, writeFileSync } from 'node:fs'
writeFileSync(${JSON.stringify(trace)}, JSON.stringify([process.argv, process.env]))
process.stdout.write(readFileSync(${JSON.stringify(join(elsewhere, 'vaulted'))}))`,
  )
  writeFileSync(join(elsewhere, 'vaulted'), PLANTED.command, { mode: 0o600 })
  // Every key is refused, and the provider echoes it: the worst that can be logged.
  const answers = {
    status: 401,
    body: (token: string) =>
      JSON.stringify({ error: { code: 'invalid_api_key', message: `Incorrect API key provided: ${token}` } }),
  }
  const { createServer } = await import('node:http')
  const provider = createServer((request, response) => {
    request.resume()
    const token = String(request.headers.authorization ?? '').replace(/^Bearer /, '')
    response.writeHead(answers.status, { 'content-type': 'application/json', 'x-echo': token }).end(answers.body(token))
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void provider.close())
  const address = provider.address()
  const port = typeof address === 'object' ? address?.port : 0

  const line = commandLine({ PLANTED_KEY: PLANTED.variable, PASSPHRASE: PLANTED.passphrase })
  const { home } = line
  writeFileSync(
    join(home, 'config.yaml'),
    `providers: { openai: { baseUrl: "http://127.0.0.1:${port}/v1" } }\nmodels: { "*": ["openai/*"] }\n`,
  )
  const said: string[] = []
  const run = async (words: readonly string[], input = '') => {
    const { out, err, exit } = await line.run(words, input)
    said.push(out, err)
    return exit
  }
  expect(await run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'a'], PLANTED.stored)).toBe(0)
  expect(await run(['auth', 'add', 'openai', '--api-key-env', 'PLANTED_KEY', '--label', 'b'])).toBe(0)
  expect(await run(['auth', 'add', 'openai', '--api-key-file', keyFile, '--label', 'c'])).toBe(0)
  const argv = JSON.stringify([process.execPath, vault])
  expect(await run(['auth', 'add', 'openai', '--api-key-command', argv, '--label', 'd'])).toBe(0)

  const { child, url, said: log } = gateway(home, { PLANTED_KEY: PLANTED.variable, SPAREKEY_LOG_LEVEL: 'trace' })
  for (const model of ['gpt-5.5', 'gpt-5.5-mini']) {
    const answer = await fetch(`${await url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: 'hello' }),
    })
    expectNone(`${JSON.stringify([...answer.headers])}${await answer.text()}`, 'an answer')
    expect(answer.ok).toBe(false)
  }
  expect(log()).toContain('auth_revoked')
  expectNone(log(), 'the log')
  if (process.platform === 'linux') expectNone(readFileSync(`/proc/${child.pid}/cmdline`), 'the process list')
  // What the secret manager was started with: the user's variables, and of ours nothing.
  const seen = JSON.parse(readFileSync(trace, 'utf8')) as [string[], Record<string, string>]
  for (const secret of [PLANTED.stored, PLANTED.file, PLANTED.command])
    expect(JSON.stringify(seen)).not.toContain(secret)

  expect(expectNoneIn(home)).toEqual(
    expect.arrayContaining(['key', 'state.db', 'state.db-wal', 'calls.db', 'config.yaml']),
  )
  child.kill('SIGTERM')
  await ended(child)
  expectNoneIn(home)

  const backup = join(elsewhere, 'backup')
  expect(await run(['auth', 'export', backup, '--all', '--passphrase-env', 'PASSPHRASE'])).toBe(0)
  expectNone(readFileSync(backup), 'the backup')
  for (const words of [['auth', 'list'], ['auth', 'status'], ['status'], ['trace'], ['key', 'status']]) {
    await run(words)
    await run([...words, '--json'])
  }
  await run(['key', 'rotate', '--json'])
  await run(['auth', 'add', 'openai', '--api-key-stdin'], `${PLANTED.stored} with spaces`)
  await run(['auth', 'import', 'backup', backup, '--passphrase-stdin'], 'wrong')
  expectNone(said.join('\n'), 'what the commands say')
  expectNoneIn(home)

  // A stolen database without its key opens nothing, and the thief's new key is never put over it.
  const stolen = join(elsewhere, 'stolen')
  mkdirSync(stolen)
  cpSync(join(home, 'state.db'), join(stolen, 'state.db'))
  await expect(openStore({ kind: 'sqlite', homeDirectory: stolen }, systemPlatform)).rejects.toMatchObject({
    code: 'wrong_key',
  })
  expect(existsSync(join(stolen, 'key'))).toBe(false)
  rmSync(stolen, { recursive: true })
})

it('a crash tells no secret: neither what is printed nor the diagnostic report that was asked for', async () => {
  const home = temporaryHome()
  const reports = join(home, 'reports')
  mkdirSync(reports)
  const crash = "data:text/javascript,process.once('SIGUSR2',()=>{throw new Error('a crash for a test')})"
  const flags = `--import ${crash.replaceAll(' ', '%20')} --report-uncaught-exception --report-on-fatalerror --report-directory=${reports}`
  const { child, url, said } = gateway(home, {
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${flags}`,
    PLANTED_KEY: PLANTED.variable,
    SPAREKEY_KEY: Buffer.from(PLANTED.stored.padEnd(32, '=')).toString('hex'),
    SPAREKEY_LOG_LEVEL: 'trace',
  })
  await url
  child.kill('SIGUSR2')
  await ended(child)
  expect(said()).toContain('a crash for a test')
  expectNone(said(), 'what a crash prints')
  expectNoneIn(reports)
})

it('failures that are recorded for a bug report hold no secret, whatever the provider echoes', async () => {
  const { createServer } = await import('node:http')
  const provider = createServer((request, response) => {
    request.resume()
    const token = String(request.headers.authorization ?? '').replace(/^Bearer /, '')
    const body = JSON.stringify({
      error: { message: `an odd thing happened to ${token}`, debug: { authorization: token } },
    })
    response.writeHead(418, { 'content-type': 'application/json', 'x-echo': token }).end(body)
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void provider.close())
  const { port } = provider.address() as { port: number }
  const { home, run } = commandLine()
  writeFileSync(
    join(home, 'config.yaml'),
    `recordFailures: true\nproviders: { openai: { baseUrl: "http://127.0.0.1:${port}/v1" } }\nmodels: { "*": ["openai/*"] }\n`,
  )
  await run(['auth', 'add', 'openai', '--api-key-stdin'], PLANTED.stored)
  const { child, url } = gateway(home, {})
  await fetch(`${await url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5.5', input: 'hello' }),
  })
  child.kill('SIGTERM')
  await ended(child)
  expect(expectNoneIn(home)).toContain('failures.jsonl')
  expect(readFileSync(join(home, 'failures.jsonl'), 'utf8')).toContain('an odd thing happened to')
})
