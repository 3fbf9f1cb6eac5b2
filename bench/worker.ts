import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoadJob, LoadResult } from './load-job.ts'

/** A helper process of the bench that answers over IPC, one question at a time. */
export class Worker {
  readonly child: ChildProcess

  constructor(file: string, words: readonly string[] = []) {
    this.child = fork(fileURLToPath(new URL(file, import.meta.url)), words, { execArgv: ['--import', 'tsx'] })
  }

  said<T>(): Promise<T> {
    return new Promise((resolve) => this.child.once('message', (message) => resolve(message as T)))
  }

  /** The next message that has one of these fields. @throws when the process ended */
  hear<T>(...fields: readonly string[]): Promise<T> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: object) => {
        if (!fields.some((field) => field in message)) return
        settle()
        resolve(message as T)
      }
      const onExit = () => {
        settle()
        reject(new Error(`a helper process ended before it said ${fields.join(' or ')}`))
      }
      const settle = () => {
        this.child.off('message', onMessage)
        this.child.off('exit', onExit)
      }
      this.child.on('message', onMessage)
      this.child.once('exit', onExit)
    })
  }

  stop(): void {
    if (this.child.connected) this.child.disconnect()
  }
}

export interface UpstreamFigures {
  readonly failoverMs: readonly number[]
  readonly idleOpen: number
  readonly lastIdleClosedAtMs: number
}

/** The fake provider. */
export class UpstreamProcess extends Worker {
  port = 0

  static async start(): Promise<UpstreamProcess> {
    const upstream = new UpstreamProcess('./upstream.ts')
    upstream.port = (await upstream.said<{ port: number }>()).port
    return upstream
  }

  async figures(): Promise<UpstreamFigures> {
    const said = this.said<UpstreamFigures>()
    this.child.send('figures')
    return said
  }
}

/** The load generator. */
export class LoadProcess extends Worker {
  static async start(): Promise<LoadProcess> {
    const load = new LoadProcess('./load.ts')
    await load.said()
    return load
  }

  /** @throws when an answer broke off */
  async run(job: LoadJob): Promise<LoadResult> {
    const said = this.said<{ readonly result?: LoadResult; readonly error?: string }>()
    this.child.send(job)
    const { result, error } = await said
    if (result === undefined) throw new Error(error ?? 'the load generator said nothing')
    return result
  }
}
