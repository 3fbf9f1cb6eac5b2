import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Environment } from '../platform/environment.ts'
import type { Timers } from '../platform/timers.ts'
import type { Config, ConfigProblem } from './config.ts'
import { type ConfigFlags, loadText } from './load.ts'
import { readConfigFile } from './read-config-file.ts'

/** Editors write in several steps; the last one counts, ms. */
const SETTLE_MS = 50

export interface WatchSettings {
  readonly environment: Environment
  readonly timers: Timers
  readonly flags?: ConfigFlags
}

/**
 * Reloads a configuration when its file changes: written in place, replaced, or a link pointed elsewhere.
 * A bad edit, and a file that is gone, are told and the old configuration stays: defaults would open a gateway that has client keys.
 * @param onProblems also told when changes cannot be noticed
 * @returns stops watching; nothing is called afterwards
 */
export function watchConfig(
  path: string,
  settings: WatchSettings,
  onChange: (config: Config) => void,
  onProblems: (problems: readonly ConfigProblem[]) => void,
): () => void {
  const watching = new ConfigWatch(path, settings, onChange, onProblems)
  watching.start()
  return () => watching.stop()
}

class ConfigWatch {
  readonly #path: string
  readonly #settings: WatchSettings
  readonly #onChange: (config: Config) => void
  readonly #onProblems: (problems: readonly ConfigProblem[]) => void
  readonly #watchers = new Map<string, FSWatcher>()
  #names: ReadonlySet<string>
  #cancelTimer: (() => void) | undefined
  #lastText: string | undefined
  #running = false
  #again = false
  #stopped = false

  constructor(
    path: string,
    settings: WatchSettings,
    onChange: (config: Config) => void,
    onProblems: (problems: readonly ConfigProblem[]) => void,
  ) {
    this.#path = path
    this.#settings = settings
    this.#onChange = onChange
    this.#onProblems = onProblems
    this.#names = namesOf(path)
  }

  start(): void {
    this.#watch(dirname(this.#path))
    this.#followLink()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  /** The folder, not the file: editors replace files, and a watch on the old one sees nothing more. */
  #watch(folder: string): void {
    if (this.#stopped || this.#watchers.has(folder)) return
    try {
      const watcher = watch(folder, { persistent: false }, (_event, file) => {
        if (file === null || this.#names.has(file)) this.#settle()
      })
      this.#watchers.set(folder, watcher)
      watcher.on('error', (error) => {
        watcher.close()
        this.#watchers.delete(folder)
        this.#tellUnwatched(error)
      })
    } catch (error) {
      this.#tellUnwatched(error)
    }
  }

  /** A linked file (dotfiles) changes in a folder of its own. */
  #followLink(): void {
    const target = targetOf(this.#path)
    const own = dirname(this.#path)
    for (const [folder, watcher] of this.#watchers) {
      if (folder === own || folder === dirname(target)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    this.#names = namesOf(this.#path, target)
    this.#watch(dirname(target))
  }

  #settle(): void {
    this.#cancelTimer?.()
    if (this.#stopped) return
    this.#cancelTimer = this.#settings.timers.after(SETTLE_MS, () => void this.#reload(), { unref: true })
  }

  /** One at a time: of two reloads at once the older could end last, and win. */
  async #reload(): Promise<void> {
    this.#again = true
    if (this.#running) return
    this.#running = true
    while (this.#again && !this.#stopped) {
      this.#again = false
      // Before reading: what changes after that is noticed then.
      this.#followLink()
      await this.#readOnce()
    }
    this.#running = false
  }

  async #readOnce(): Promise<void> {
    const where = basename(this.#path)
    const read = await readConfigFile(this.#path)
    if (this.#stopped) return
    if ('missing' in read) {
      this.#lastText = undefined
      this.#onProblems([{ where, key: '', message: 'is gone; put it back, or restart to run with the defaults' }])
      return
    }
    const text = 'text' in read ? read.text : undefined
    // Editors touch a file several times; once is told.
    if (text !== undefined && text === this.#lastText) return
    this.#lastText = text
    const loaded = loadText(read, where, this.#settings.environment, this.#settings.flags)
    if ('problems' in loaded) return this.#onProblems(loaded.problems)
    try {
      this.#onChange(loaded.config)
    } catch (error) {
      // Nobody awaits a reload: what is thrown here would end the process.
      const name = error instanceof Error ? error.name : 'unknown error'
      this.#onProblems([{ where, key: '', message: `could not be taken over (${name})` }])
    }
  }

  #tellUnwatched(error: unknown): void {
    if (this.#stopped) return
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    const message = `changes are not noticed (${code}); restart to take them over`
    this.#onProblems([{ where: basename(this.#path), key: '', message }])
  }
}

function targetOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Kubernetes swaps the link `..data` beside the file and never touches the file's own name. */
function namesOf(...paths: readonly string[]): ReadonlySet<string> {
  return new Set([...paths.map((path) => basename(path)), '..data'])
}
