import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { Agent, request } from 'undici'
import { expect, it } from 'vitest'
import { violations } from './outside-network-guard.mjs'

const takeViolations = () => violations.splice(0)

it('refuses a socket to another machine', () => {
  expect(() => connect(443, '192.0.2.1')).toThrow('tried to leave this machine')
  expect(() => connect({ host: 'api.example.com', port: 443 })).toThrow('api.example.com')
  expect(takeViolations()).toHaveLength(2)
})

it('remembers what a client library swallowed', async () => {
  await expect(fetch('http://api.example.com/')).rejects.toThrow('fetch failed')
  await expect(fetch('https://api.example.com/')).rejects.toThrow('fetch failed')
  const dispatcher = new Agent()
  await expect(request('http://192.0.2.1/', { dispatcher })).rejects.toThrow('192.0.2.1')
  await dispatcher.close()
  expect(takeViolations().length).toBeGreaterThanOrEqual(3)
})

it('refuses a name server', async () => {
  await expect(lookup('api.example.com')).rejects.toThrow('tried to leave this machine')
  expect(takeViolations()).toHaveLength(1)
})

it('answers ENOTFOUND for .invalid without a violation', async () => {
  const error: unknown = await fetch('http://nowhere.invalid/').catch((thrown: unknown) => thrown)
  expect((error as { cause: unknown }).cause).toMatchObject({ code: 'ENOTFOUND' })
  expect(takeViolations()).toEqual([])
})

it('lets loopback through', async () => {
  const server = createServer((_request, response) => response.writeHead(204).end())
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost']) expect((await fetch(`http://${host}:${port}/`)).status).toBe(204)
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

it('guards the programs a test starts', async () => {
  const program = `fetch('http://api.example.com/').catch((error) => console.log(error.cause.code))`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program])
  expect(stdout.trim()).toBe('ERR_OUTSIDE_NETWORK')
})
