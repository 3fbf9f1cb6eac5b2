import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Environment } from '../platform/environment.ts'
import type { Timers } from '../platform/timers.ts'
import type { Config, ConfigProblem } from './config.ts'
import { type ConfigFlags, loadConfig } from './load.ts'

/** Editors write in several steps; the last one counts, ms. */
const SETTLE_MS = 50

/**
 * Reloads a configuration when its file changes. A bad edit is told and the old configuration stays.
 * @returns stops watching
 */
export function watchConfig(
  path: string,
  settings: { readonly environment: Environment; readonly timers: Timers; readonly flags?: ConfigFlags },
  onChange: (config: Config) => void,
  onProblems: (problems: readonly ConfigProblem[]) => void,
): () => void {
  let cancel: (() => void) | undefined
  let stopped = false
  const reload = async () => {
    const loaded = await loadConfig(path, settings.environment, settings.flags)
    if (stopped) return
    if ('config' in loaded) onChange(loaded.config)
    else onProblems(loaded.problems)
  }
  let watcher: FSWatcher | undefined
  try {
    // The folder, not the file: editors replace files, and a watch on the old one sees nothing more.
    watcher = watch(dirname(path), { persistent: false }, (_event, file) => {
      if (file !== null && file !== basename(path)) return
      cancel?.()
      cancel = settings.timers.after(SETTLE_MS, () => void reload(), { unref: true })
    })
    watcher.on('error', () => watcher?.close())
  } catch {
    // No watching here (a full inotify table): a restart reads the file.
  }
  return () => {
    stopped = true
    cancel?.()
    watcher?.close()
  }
}
