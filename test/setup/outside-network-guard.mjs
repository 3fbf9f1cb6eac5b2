// Plain JavaScript on purpose: child processes of a test load this file too (`node --import`), also on a Node that runs no TypeScript.
import dgram from 'node:dgram'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

const marker = Symbol.for('sparekey.test.outside-network-guard')

/** Addresses and names that stay on this machine. */
const isLoopback = (host) => {
  const name = String(host)
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
  if (name === '' || name === 'localhost' || name.endsWith('.localhost')) return true
  if (net.isIPv4(name)) return name.startsWith('127.') || name === '0.0.0.0'
  if (net.isIPv6(name)) return name === '::1' || name === '::' || /^::ffff:(127\.|7f)/.test(name)
  return false
}

/** `.invalid` never resolves anywhere (RFC 6761): a test may use it to see an unknown host, and is answered here. */
const isReservedUnknown = (host) => /(^|\.)invalid\.?$/i.test(String(host))

const unknownHost = (host) =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
    code: 'ENOTFOUND',
    errno: -3008,
    syscall: 'getaddrinfo',
    hostname: host,
  })

const install = () => {
  const violations = []
  const refuse = (what) => {
    const error = Object.assign(
      new Error(`A test tried to leave this machine: ${what}. Use a loopback server instead.`),
      {
        code: 'ERR_OUTSIDE_NETWORK',
      },
    )
    violations.push(error.message)
    return error
  }

  const connect = net.Socket.prototype.connect
  net.Socket.prototype.connect = function guardedConnect(...args) {
    // net.connect() and tls.connect() hand over one already normalised array; everybody else the documented forms.
    const first = Array.isArray(args[0]) ? args[0][0] : args[0]
    const options =
      typeof first === 'object' && first !== null
        ? first
        : typeof first === 'string' && Number.isNaN(Number(first))
          ? { path: first }
          : { host: typeof args[1] === 'string' ? args[1] : undefined }
    const host = options.path === undefined || options.path === null ? (options.host ?? 'localhost') : 'localhost'
    if (!isLoopback(host) && !isReservedUnknown(host)) throw refuse(`connect to ${host}:${options.port ?? '?'}`)
    return connect.apply(this, args)
  }

  const lookup = dns.lookup
  dns.lookup = function guardedLookup(hostname, options, callback) {
    const done = typeof options === 'function' ? options : callback
    if (isReservedUnknown(hostname)) return void process.nextTick(done, unknownHost(hostname))
    if (!isLoopback(hostname) && net.isIP(String(hostname)) === 0) throw refuse(`look up ${hostname}`)
    return lookup.call(this, hostname, options, callback)
  }

  const promisedLookup = dns.promises.lookup
  dns.promises.lookup = async function guardedPromisedLookup(hostname, options) {
    if (isReservedUnknown(hostname)) throw unknownHost(hostname)
    if (!isLoopback(hostname) && net.isIP(String(hostname)) === 0) throw refuse(`look up ${hostname}`)
    return promisedLookup.call(this, hostname, options)
  }

  for (const holder of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (!/^(resolve|reverse)/.test(name) || typeof holder[name] !== 'function') continue
      holder[name] = (host) => {
        throw refuse(`ask a name server about ${host}`)
      }
    }
  }

  const send = dgram.Socket.prototype.send
  dgram.Socket.prototype.send = function guardedSend(...args) {
    const host = args.slice(1).find((part) => typeof part === 'string')
    if (host !== undefined && !isLoopback(host)) throw refuse(`send a datagram to ${host}`)
    return send.apply(this, args)
  }

  // So that `import { lookup } from 'node:dns'` sees the guarded function too.
  syncBuiltinESMExports()
  return { violations }
}

/** What was refused in this process so far, oldest first. Loading the file twice keeps one guard. */
export const { violations } = (globalThis[marker] ??= install())
