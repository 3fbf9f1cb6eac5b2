import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { runSecretCommand } from './run-secret-command.ts'

const node = (script: string) => [process.execPath, '-e', script]

describe('the command of a secret manager', () => {
  it('is run without a shell: nothing in its words is expanded', async () => {
    const script = 'process.stdout.write(process.argv[1])'
    expect(await runSecretCommand([...node(script), '$HOME;`id`|cat'])).toEqual({
      kind: 'said',
      text: '$HOME;`id`|cat',
    })
  })

  it('never has its messages quoted', async () => {
    const outcome = await runSecretCommand(node("console.error('sk-planted'); process.exit(7)"))
    expect(outcome).toEqual({ kind: 'failed', why: 'it ended with exit code 7' })
  })

  it.each([
    ['a program that is not there', ['no-such-program-of-anybody'], 'there is no such program'],
    ['nothing', [''], 'it is no command that can be started'],
    ['a word with a zero byte', ['a\0b'], 'it is no command that can be started'],
  ])('%s is told', async (_what, argv, why) => {
    expect(await runSecretCommand(argv)).toEqual({ kind: 'failed', why })
  })

  it('that floods is stopped', async () => {
    const outcome = await runSecretCommand(node("setInterval(() => process.stdout.write('x'.repeat(10000)), 1)"))
    expect(outcome).toEqual({ kind: 'failed', why: 'it printed more than 64 KB' })
  })

  it('that hangs is killed with what it started', async () => {
    const pidFile = join(temporaryHome(), 'pid')
    const inner = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`
    const outer = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: 'inherit' }); setInterval(() => {}, 1000)`
    const outcome = await runSecretCommand(node(outer), 2_500)
    expect(outcome).toEqual({ kind: 'failed', why: 'it took longer than 2.5 s' })
    // On a loaded machine the grandchild may not have come to life at all.
    if (!existsSync(pidFile) || process.platform !== 'linux') return
    const pid = readFileSync(pidFile, 'utf8')
    const lives = () => existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    await expect.poll(lives, { timeout: 10_000 }).toBe(false)
  })

  it('does not get the key that opens our store', async () => {
    const before = process.env['SPAREKEY_KEY']
    process.env['SPAREKEY_KEY'] = 'ab'.repeat(32)
    try {
      const outcome = await runSecretCommand(node('process.stdout.write(JSON.stringify(Object.keys(process.env)))'))
      expect(outcome.kind).toBe('said')
      expect(JSON.stringify(outcome)).not.toContain('SPAREKEY_KEY')
      expect(JSON.stringify(outcome)).toContain('PATH')
    } finally {
      if (before === undefined) delete process.env['SPAREKEY_KEY']
      else process.env['SPAREKEY_KEY'] = before
    }
  })
})
