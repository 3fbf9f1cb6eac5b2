import { closeSync, existsSync, openSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { startSimulator } from '../../src/simulator/index.ts'
import { ask } from '../support/client.ts'
import { type Served, served } from '../support/served.ts'
import { homeWith } from '../support/sqlite-home.ts'

/** The gateway as a process whose log goes to a disk that is full, or to a reader that has gone. */
async function serve(log?: number): Promise<Served> {
  const simulator = await startSimulator({ scenario: { name: 'x', description: '', credentials: { 'tok-a': {} } } })
  onTestFinished(() => simulator.close())
  const home = await homeWith('openai', ['tok-a'])
  return served(home, { openai: `${simulator.url}/v1` }, log === undefined ? {} : { log })
}

async function answersAndStops({ process, url, ended }: Served): Promise<void> {
  for (let call = 0; call < 3; call += 1)
    expect(await ask(url, 'responses', false)).toMatchObject({ status: 200, said: 'The answer is 42.' })
  // A trouble is written at once: whatever becomes of that, the next call is answered.
  process.kill('SIGUSR2')
  expect(await ask(url, 'responses', false)).toMatchObject({ status: 200 })
  process.kill('SIGTERM')
  expect(await ended()).toBe(0)
}

it.runIf(existsSync('/dev/full'))('a full disk under the log costs lines, and no call', async () => {
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  await answersAndStops(await serve(full))
})

it('a reader of the log that has gone costs lines, and no call', async () => {
  const gateway = await serve()
  gateway.process.stderr?.destroy()
  await answersAndStops(gateway)
})
