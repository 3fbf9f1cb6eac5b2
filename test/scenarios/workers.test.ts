import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ask, PATHS, readStream, requestBody } from '../support/client.ts'
import { codexHome } from '../support/codex-home.ts'
import { clientPortsOf } from '../support/connections-of.ts'
import { startLoad } from '../support/load.ts'
import { type Served, served } from '../support/served.ts'

/** `sparekey serve --workers`: one port, one state, and calls that outlive every change of processes. */

const QUOTA = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 }

/** Processes that the gateway's parent has started. */
function workersOf({ process: { pid = 0 } }: Served): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Clients with one connection each, which call one after the other. `stop` gives the port of the connection of each call that failed. */
function connectionLoad(url: string, clients: number) {
  let done = 0
  let running = true
  const failed: number[] = []
  const waiting = new Set<() => void>()
  const body = JSON.stringify(requestBody('responses', false))
  const callOnce = (agent: Agent) =>
    new Promise<void>((resolve) => {
      let port = 0
      const fail = () => {
        failed.push(port)
        resolve()
      }
      const sending = request(`${url}${PATHS.responses}`, { method: 'POST', agent }, (response) => {
        if (response.statusCode !== 200) fail()
        response.resume().once('end', resolve).once('error', fail)
      })
      sending.once('socket', (socket) => {
        const told = () => (port = socket.localPort ?? port)
        if (socket.connecting) socket.once('connect', told)
        else told()
      })
      sending.once('error', fail)
      sending.end(body)
    })
  const work = Array.from({ length: clients }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (running) {
      await callOnce(agent)
      done += 1
      for (const look of waiting) look()
    }
    agent.destroy()
  })
  return {
    more: (count: number) =>
      new Promise<void>((resolve) => {
        const at = done + count
        const look = () => {
          if (done < at) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
      }),
    async stop(): Promise<readonly number[]> {
      running = false
      await Promise.all(work)
      return failed
    },
  }
}

describe.skipIf(process.platform !== 'linux')('workers', () => {
  it('share one port and one state, and all end at SIGTERM with 0', async () => {
    const { home, upstream, providers } = await codexHome({
      'tok-a': { steps: [{ kind: 'failed', error: QUOTA }] },
      'tok-b': {},
    })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 60_000 }).toBe(2)
    const load = startLoad(gateway.url, 'responses', 6)
    await load.more(100)
    expect(await load.stop()).toEqual([])
    // Whoever met the empty account first told the others; calls that were on their way may have met it too.
    expect(upstream.hits('tok-a')).toBeLessThanOrEqual(6)
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
    expect(gateway.said().match(/"url"/g)).toHaveLength(1)
  }, 120_000)

  it('are renewed at SIGUSR2 under load: other processes, no failed call, no cut stream', async () => {
    const { home, providers } = await codexHome({
      'tok-a': { steps: [{ kind: 'answer', chunks: 5, everyMs: 10 }] },
    })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 60_000 }).toBe(2)
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

  it('that are killed are replaced; no call fails but those on connections of the dead', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 60_000 }).toBe(2)
    const clients = 8
    const load = connectionLoad(gateway.url, clients)
    await load.more(40)
    const port = Number(new URL(gateway.url).port)
    const workers = workersOf(gateway)
    const connections = workers.map((pid) => clientPortsOf(pid, port))
    expect(connections.reduce((sum, { size }) => sum + size, 0)).toBe(clients)
    const victim = connections.findIndex(({ size }) => size > 0)
    process.kill(workers[victim] ?? 0, 'SIGKILL')
    await expect
      .poll(() => workersOf(gateway).length === 2 && !workersOf(gateway).includes(workers[victim] ?? 0), {
        timeout: 60_000,
      })
      .toBe(true)
    await load.more(60)
    const failed = await load.stop()
    // One call of each connection at most; none after the other worker, or the new one, had taken over.
    expect(new Set(failed).size).toBe(failed.length)
    expect(failed.filter((each) => connections[victim]?.has(each) !== true)).toEqual([])
    expect(workersOf(gateway)).toContain(workers[1 - victim])
    expect(gateway.said()).toContain('another one takes its place')
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
  }, 120_000)

  it('whose parent is killed end their streams and then themselves', async () => {
    const { home, providers } = await codexHome({ 'tok-a': { steps: [{ kind: 'answer', chunks: 30, everyMs: 30 }] } })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 60_000 }).toBe(2)
    const workers = workersOf(gateway)
    onTestFinished(() => workers.filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL')))
    const response = await fetch(`${gateway.url}${PATHS.responses}`, {
      method: 'POST',
      body: JSON.stringify(requestBody('responses', true)),
    })
    gateway.process.kill('SIGKILL')
    expect(readStream('responses', await response.text())).toMatchObject({
      ending: 'complete',
      said: 'The answer is 42.',
    })
    await expect.poll(() => workers.filter(isAlive), { timeout: 60_000 }).toEqual([])
    await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow('fetch failed')
  }, 120_000)

  it('that cannot be replaced are tried again until they can; the others answer meanwhile', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 60_000 }).toBe(2)
    const path = join(home, 'config.yaml')
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, 'providers: [this is wrong\n')
    const [victim = 0, other = 0] = workersOf(gateway)
    process.kill(victim, 'SIGKILL')
    await expect.poll(() => gateway.said(), { timeout: 60_000 }).toContain('a worker did not start; it is tried again')
    for (let call = 0; call < 4; call += 1) {
      const reading = await ask(gateway.url, 'responses', false, { headers: { connection: 'close' } })
      expect(reading.ending).toBe('complete')
    }
    writeFileSync(path, good)
    await expect.poll(() => workersOf(gateway).length === 2, { timeout: 60_000 }).toBe(true)
    expect(workersOf(gateway)).toContain(other)
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
  }, 120_000)

  it('that are killed while they are idle cost no call', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 60_000 }).toBe(2)
    const [idle = 0] = workersOf(gateway)
    process.kill(idle, 'SIGKILL')
    await expect.poll(() => gateway.said(), { timeout: 60_000 }).toContain('takes its place')
    // The new one is still starting: the other answers.
    for (let call = 0; call < 4; call += 1) {
      const reading = await ask(gateway.url, 'responses', true, { headers: { connection: 'close' } })
      expect(reading.ending).toBe('complete')
    }
    await expect
      .poll(() => workersOf(gateway).length === 2 && !workersOf(gateway).includes(idle), { timeout: 60_000 })
      .toBe(true)
  }, 120_000)

  it('all take over an edited configuration, under load', async () => {
    const { home, providers } = await codexHome({ 'tok-a': {} })
    const gateway = await served(home, providers, { words: ['--workers', '2'] })
    await expect.poll(() => workersOf(gateway).length, { timeout: 60_000 }).toBe(2)
    const load = startLoad(gateway.url, 'responses', 6)
    await load.more(20)
    const path = join(home, 'config.yaml')
    writeFileSync(
      path,
      `${readFileSync(path, 'utf8')}models: { "*": [openai-codex/*], renamed: [openai-codex/gpt-5.5] }\n`,
    )
    await expect.poll(() => gateway.said().split('configuration reloaded').length - 1, { timeout: 60_000 }).toBe(2)
    await load.more(20)
    expect(await load.stop()).toEqual([])
    for (let call = 0; call < 4; call += 1) {
      const body = { model: 'renamed', input: 'hello', stream: false }
      expect((await ask(gateway.url, 'responses', false, { body, headers: { connection: 'close' } })).ending).toBe(
        'complete',
      )
    }
  }, 120_000)

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
  }, 120_000)
})
