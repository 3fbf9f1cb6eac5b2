import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { fixedEnvironment } from '../platform/environment.ts'
import type { Timers } from '../platform/timers.ts'
import { describeProblem } from './config.ts'
import { watchConfig } from './watch.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Watches a file; every settled change is reloaded without waiting. Told things come out in order. */
function watched(path: string, onChange?: () => void) {
  const told: string[] = []
  let wake = () => {}
  const tell = (what: string) => {
    told.push(what)
    wake()
  }
  let timersSet = 0
  const timers: Timers = {
    sleep: () => Promise.resolve('elapsed'),
    every: () => () => {},
    after(_ms, callback) {
      timersSet += 1
      let cancelled = false
      queueMicrotask(() => {
        if (!cancelled) callback()
      })
      return () => {
        cancelled = true
      }
    },
  }
  const stop = watchConfig(
    path,
    { environment: fixedEnvironment({}), timers },
    ({ listen }) => {
      onChange?.()
      tell(`port ${listen.port}`)
    },
    (problems) => tell(problems.map(describeProblem).join('\n')),
  )
  stops.push(stop)
  return {
    stop,
    timersSet: () => timersSet,
    /** Resolves when something was told that was not taken yet. */
    async next(): Promise<string> {
      for (;;) {
        const first = told.shift()
        if (first !== undefined) return first
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

function folder(): string {
  return temporaryHome()
}

function replace(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text)
  renameSync(`${path}.tmp`, path)
}

describe('a configuration that is watched', () => {
  it('is reloaded when its file is replaced, as editors and "sparekey strategy" do', async () => {
    const path = join(folder(), 'config.yaml')
    writeFileSync(path, 'listen: 127.0.0.1:1\n')
    const { next } = watched(path)
    replace(path, 'listen: 127.0.0.1:2\n')
    expect(await next()).toBe('port 2')
    replace(path, 'listen: 127.0.0.1:3\n')
    expect(await next()).toBe('port 3')
  })

  it('is taken when its file appears', async () => {
    const path = join(folder(), 'config.yaml')
    const { next } = watched(path)
    replace(path, 'listen: 127.0.0.1:2\n')
    expect(await next()).toBe('port 2')
  })

  it('stays as it is after a bad edit, which is told; the correction is taken', async () => {
    const path = join(folder(), 'config.yaml')
    writeFileSync(path, 'listen: 127.0.0.1:1\n')
    const { next } = watched(path)
    replace(path, 'listn: 127.0.0.1:2\n')
    expect(await next()).toBe('config.yaml:1:1  listn: unknown key; did you mean "listen"?')
    replace(path, 'listen: 127.0.0.1:3\n')
    expect(await next()).toBe('port 3')
  })

  it('stays as it is when its file goes away: the defaults have no client keys', async () => {
    const path = join(folder(), 'config.yaml')
    writeFileSync(path, 'clients: [planted-secret-key]\n')
    const { next } = watched(path)
    rmSync(path)
    expect(await next()).toBe('config.yaml  is gone; put it back, or restart to run with the defaults')
    replace(path, 'listen: 127.0.0.1:3\n')
    expect(await next()).toBe('port 3')
  })

  it('is reloaded when a linked file changes in its own folder, and when the link is pointed elsewhere', async () => {
    const [first, second] = [join(folder(), 'mine.yaml'), join(folder(), 'other.yaml')]
    writeFileSync(first, 'listen: 127.0.0.1:1\n')
    writeFileSync(second, 'listen: 127.0.0.1:5\n')
    const path = join(folder(), 'config.yaml')
    symlinkSync(first, path)
    const { next } = watched(path)
    replace(first, 'listen: 127.0.0.1:2\n')
    expect(await next()).toBe('port 2')
    symlinkSync(second, `${path}.tmp`)
    renameSync(`${path}.tmp`, path)
    expect(await next()).toBe('port 5')
    replace(second, 'listen: 127.0.0.1:6\n')
    expect(await next()).toBe('port 6')
    symlinkSync(first, `${path}.tmp`)
    renameSync(`${path}.tmp`, path)
    expect(await next()).toBe('port 2')
  })

  it('is reloaded when Kubernetes swaps the folder behind it', async () => {
    const root = folder()
    const path = join(root, 'config.yaml')
    for (const port of [1, 2]) {
      mkdirSync(join(root, `..version-${port}`))
      writeFileSync(join(root, `..version-${port}`, 'config.yaml'), `listen: 127.0.0.1:${port}\n`)
    }
    symlinkSync('..version-1', join(root, '..data'))
    symlinkSync(join('..data', 'config.yaml'), path)
    const { next } = watched(path)
    symlinkSync('..version-2', join(root, '..data_tmp'))
    renameSync(join(root, '..data_tmp'), join(root, '..data'))
    expect(await next()).toBe('port 2')
  })

  it('is not read for the files beside it', async () => {
    const path = join(folder(), 'config.yaml')
    const { next, timersSet } = watched(path)
    writeFileSync(join(dirname(path), 'state.db-wal'), 'x')
    replace(path, 'listen: 127.0.0.1:2\n')
    expect(await next()).toBe('port 2')
    const before = timersSet()
    writeFileSync(join(dirname(path), 'state.db-wal'), 'y')
    replace(path, 'listen: 127.0.0.1:3\n')
    expect(await next()).toBe('port 3')
    expect(timersSet() - before).toBe(1)
  })

  it('is taken once, however often it is saved', async () => {
    const path = join(folder(), 'config.yaml')
    const { next } = watched(path)
    replace(path, 'listen: 127.0.0.1:2\n')
    expect(await next()).toBe('port 2')
    // A second watch, which has taken nothing yet, tells when the same text was seen again.
    const other = watched(path)
    replace(path, 'listen: 127.0.0.1:2\n')
    expect(await other.next()).toBe('port 2')
    replace(path, 'listen: 127.0.0.1:3\n')
    expect(await next()).toBe('port 3')
  })

  it('survives whoever fails to take it over', async () => {
    const path = join(folder(), 'config.yaml')
    const { next } = watched(path, () => {
      throw new RangeError('planted')
    })
    replace(path, 'listen: 127.0.0.1:2\n')
    expect(await next()).toBe('config.yaml  could not be taken over (RangeError)')
  })

  it('tells when its changes cannot be noticed', async () => {
    const { next } = watched(join(folder(), 'nowhere', 'config.yaml'))
    expect(await next()).toBe('config.yaml  changes are not noticed (ENOENT); restart to take them over')
  })
})
