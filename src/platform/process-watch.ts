import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

export type ProcessState =
  | 'alive'
  /** Certainly: nobody will ever act under this name again. */
  | 'gone'
  /** Of another machine or container, or of a time before the last boot: only time can tell. */
  | 'unknown'

/** Names processes so that others of the same machine can see whether they still live. */
export interface ProcessWatch {
  /** This process: machine, number and start. Has no `/` in it. */
  readonly self: string
  /** @param name what `self` is in the process that is meant */
  stateOf(name: string): ProcessState
}

/**
 * The kernel's own word, at once and without signs of life. A process number alone is not enough: numbers are given again after a death,
 * and mean something else in another container that shares the home.
 */
export const systemProcesses: ProcessWatch = {
  get self() {
    return own()
  },
  stateOf(name) {
    const [machine, number = '', start] = name.split(':')
    if (!/^\d+$/.test(number) || machine === undefined || machine !== machineOf()) return 'unknown'
    const now = startOf(Number(number))
    if (now === undefined) return 'gone'
    return now === start ? 'alive' : 'gone'
  },
}

let remembered: string | undefined

function own(): string {
  remembered ??= `${machineOf()}:${process.pid}:${startOf(process.pid) ?? '?'}`
  return remembered
}

function machineOf(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const numbers = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''
    return `${boot}.${numbers}`
  } catch {
    return hostname().replaceAll(/[:/]/g, '_')
  }
}

/** When a process began, in ticks since the boot where the system tells. @returns undefined when there is none; a killed one that nobody has collected is none */
function startOf(pid: number): string | undefined {
  try {
    // The second field is the name in brackets, which may hold anything: what counts comes after the last bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\)\s/s, '')
      .split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch (error) {
    return process.platform === 'linux' && (error as NodeJS.ErrnoException).code !== 'EACCES'
      ? undefined
      : signalled(pid)
  }
}

/** Systems without `/proc`: whether the number is taken, by whomever. */
function signalled(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
    return '?'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? undefined : '?'
  }
}
