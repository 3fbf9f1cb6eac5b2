import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { systemProcesses } from './process-watch.ts'

const { self } = systemProcesses
const [machine = '', pid = '', start = ''] = self.split(':')

describe('who lives', () => {
  it('a process itself, under a name that fits into a claim', () => {
    expect(self).not.toContain('/')
    expect(pid).toBe(String(process.pid))
    expect(systemProcesses.stateOf(self)).toBe('alive')
  })

  it('a killed process is gone at once, also while nobody has collected it', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
    await once(child, 'spawn')
    const name = `${machine}:${child.pid}:`
    const living = ['alive', 'gone'] as const
    expect(living).toContain(systemProcesses.stateOf(`${name}${start}`))
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(systemProcesses.stateOf(`${name}${start}`)).toBe('gone')
  })

  it.runIf(process.platform === 'linux')('a number that was given again is somebody else', () => {
    expect(systemProcesses.stateOf(`${machine}:${pid}:${Number(start) - 1}`)).toBe('gone')
  })

  it.each([`another-machine:${pid}:${start}`, '', 'refresh_abc', `${machine}:not-a-number:1`, machine])(
    'of %j nobody here can tell',
    (name) => {
      expect(systemProcesses.stateOf(name)).toBe('unknown')
    },
  )
})
