import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Ports of the clients whose connections a process has accepted on a port (Linux only). */
export function clientPortsOf(pid: number, listeningPort: number): ReadonlySet<number> {
  const mine = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.slice(1) ?? []
      } catch {
        // Closed since the folder was read.
        return []
      }
    }),
  )
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  const ports = rows.flatMap((row) => {
    const [, local = '', remote = '', , , , , , , inode = ''] = row.trim().split(/\s+/)
    const [here, there] = [local, remote].map((address) => Number.parseInt(address.split(':')[1] ?? '', 16))
    return here === listeningPort && there !== undefined && there !== 0 && mine.has(inode) ? [there] : []
  })
  return new Set(ports)
}
