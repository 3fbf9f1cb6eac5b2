import { connect } from 'node:net'

/**
 * A loopback port that refuses connections. One of the lowest, which no program is given by chance: a port that was merely free
 * a moment ago may be somebody else's by the time it is used.
 * @throws Error when something listens on all of them
 */
export async function refusedPort(): Promise<number> {
  for (let port = 1; port <= 20; port += 1) if (await refuses(port)) return port
  throw new Error('every loopback port from 1 to 20 is in use')
}

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'))
  })
}
