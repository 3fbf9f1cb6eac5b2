import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ask } from '../support/client.ts'
import { codexHome } from '../support/codex-home.ts'
import { startLoad } from '../support/load.ts'
import { type Served, served } from '../support/served.ts'

/** `sparekey serve --workers`: one port, one state, and calls that outlive every change of processes. */

const QUOTA = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 }

/** Processes that the gateway's parent has started. */
function workersOf({ process: { pid = 0 } }: Served): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

describe.skipIf(process.platform !== 'linux')('workers', () => {
  it('share one port and one state, and all end at SIGTERM with 0', async () => {
    const { home, upstream, providers } = await codexHome({
      'tok-a': { steps: [{ kind: 'failed', error: QUOTA }] },
      'tok-b': {},
    })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 20_000 }).toBe(2)
    const load = startLoad(gateway.url, 'responses', 6)
    await load.more(100)
    expect(await load.stop()).toEqual([])
    // Whoever met the empty account first told the others; calls that were on their way may have met it too.
    expect(upstream.hits('tok-a')).toBeLessThanOrEqual(6)
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
    expect(gateway.said().match(/"url"/g)).toHaveLength(1)
  }, 60_000)

  it('are renewed at SIGUSR2 under load: other processes, no failed call, no cut stream', async () => {
    const { home, providers } = await codexHome({
      'tok-a': { steps: [{ kind: 'answer', chunks: 5, everyMs: 10 }] },
    })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 20_000 }).toBe(2)
    const old = workersOf(gateway)
    const load = startLoad(gateway.url, 'responses', 8)
    await load.more(50)
    gateway.process.kill('SIGUSR2')
    await expect
      .poll(() => ({ kept: workersOf(gateway).filter((pid) => old.includes(pid)), size: workersOf(gateway).length }), {
        timeout: 40_000,
      })
      .toEqual({ kept: [], size: 2 })
    await load.more(50)
    expect(await load.stop()).toEqual([])
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
  }, 90_000)

  it('that are killed are replaced; no call fails but those they were answering', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 20_000 }).toBe(2)
    const [first = 0, second = 0] = workersOf(gateway)
    const clients = 6
    const load = startLoad(gateway.url, 'responses', clients)
    await load.more(30)
    process.kill(first, 'SIGKILL')
    await expect
      .poll(() => workersOf(gateway).length === 2 && !workersOf(gateway).includes(first), { timeout: 30_000 })
      .toBe(true)
    await load.more(30)
    // One call of each client at most: none after the other worker, or the new one, had taken over.
    expect((await load.stop()).length).toBeLessThanOrEqual(clients)
    expect(workersOf(gateway)).toContain(second)
    expect(gateway.said()).toContain('another one takes its place')
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
  }, 60_000)

  it('that are killed while they are idle cost no call', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 20_000 }).toBe(2)
    const [idle = 0] = workersOf(gateway)
    process.kill(idle, 'SIGKILL')
    await expect.poll(() => gateway.said(), { timeout: 30_000 }).toContain('takes its place')
    // The new one is still starting: the other answers.
    for (let call = 0; call < 4; call += 1) {
      const reading = await ask(gateway.url, 'responses', true, { headers: { connection: 'close' } })
      expect(reading.ending).toBe('complete')
    }
    await expect
      .poll(() => workersOf(gateway).length === 2 && !workersOf(gateway).includes(idle), { timeout: 30_000 })
      .toBe(true)
  }, 60_000)

  it('all take over an edited configuration, under load', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 20_000 }).toBe(2)
    const load = startLoad(gateway.url, 'responses', 6)
    await load.more(20)
    const path = join(home, 'config.yaml')
    writeFileSync(
      path,
      `${readFileSync(path, 'utf8')}models: { "*": [openai-codex/*], renamed: [openai-codex/gpt-5.5] }\n`,
    )
    await expect.poll(() => gateway.said().split('configuration reloaded').length - 1, { timeout: 20_000 }).toBe(2)
    await load.more(20)
    expect(await load.stop()).toEqual([])
    for (let call = 0; call < 4; call += 1) {
      const body = { model: 'renamed', input: 'hello', stream: false }
      expect((await ask(gateway.url, 'responses', false, { body, headers: { connection: 'close' } })).ending).toBe(
        'complete',
      )
    }
  }, 60_000)

  it('that cannot start tell why, once', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const busy = await served(home, providers)
    const words = ['--workers', '2', '--port', new URL(busy.url).port]
    const failed = await served(home, providers, { words }).then(
      () => '',
      (error: unknown) => String(error),
    )
    expect(failed).toContain('ended with 1')
    expect(failed.match(/already in use/g)).toHaveLength(1)
  }, 60_000)
})
