import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { startSimulator } from '../../src/simulator/index.ts'
import { ask } from '../support/client.ts'

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** The gateway as a process whose log goes to a disk that is full, or to a reader that has gone. */
async function serve(log: number | 'pipe'): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const simulator = await startSimulator({ scenario: { name: 'x', description: '', credentials: { 'tok-a': {} } } })
  onTestFinished(() => simulator.close())
  const home = mkdtempSync(join(tmpdir(), 'sparekey-test-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  writeFileSync(join(home, 'config.yaml'), `providers:\n  openai: { baseUrl: "${simulator.url}/v1" }\n`)
  const { PATH = '', NODE_OPTIONS = '' } = process.env
  const env = { PATH, NODE_OPTIONS, SPAREKEY_HOME: home, HOME: home }
  const run = (words: readonly string[], stdio: ['pipe' | 'ignore', 'pipe' | 'ignore', number | 'pipe' | 'ignore']) =>
    spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...words], { stdio, env })
  const adding = run(['auth', 'add', 'openai', '--api-key-stdin'], ['pipe', 'ignore', 'ignore'])
  adding.stdin?.end('tok-a')
  expect((await once(adding, 'close'))[0]).toBe(0)
  const child = run(['serve', '--port', '0', '--json'], ['ignore', 'pipe', log])
  onTestFinished(() => void child.kill('SIGKILL'))
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      const told = /"port": (\d+)/.exec(line)?.[1]
      if (told !== undefined) resolve(Number(told))
    })
    child.once('close', () => reject(new Error('it ended')))
  })
  return { child, url: `http://127.0.0.1:${port}` }
}

async function answersAndStops({ child, url }: Awaited<ReturnType<typeof serve>>): Promise<void> {
  for (let call = 0; call < 3; call += 1)
    expect(await ask(url, 'responses', false)).toMatchObject({ status: 200, said: 'The answer is 42.' })
  // A trouble is written at once: whatever becomes of that, the next call is answered.
  child.kill('SIGUSR2')
  expect(await ask(url, 'responses', false)).toMatchObject({ status: 200 })
  child.kill('SIGTERM')
  expect((await once(child, 'close'))[0]).toBe(0)
}

it.runIf(existsSync('/dev/full'))('a full disk under the log costs lines, and no call', async () => {
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  await answersAndStops(await serve(full))
})

it('a reader of the log that has gone costs lines, and no call', async () => {
  const served = await serve('pipe')
  served.child.stderr?.destroy()
  await answersAndStops(served)
})
