/** What a moving picture needs of a terminal. */
export interface Screen {
  columns(): number
  rows(): number
  write(text: string): void
  /** @returns stops listening */
  onResize(listener: () => void): () => void
  /** Runs when the process ends in whatever way it can still notice. @returns takes it back */
  onExit(listener: () => void): () => void
}

/** A picture that is drawn again and again in the same place. */
export interface Picture {
  /** Lines that do not fit are left out, and their number is told. */
  draw(lines: readonly string[]): void
  /** Gives the screen back as it was. More than once does nothing. */
  close(): void
}

// The other screen, without cursor and without wrapping; all of it is taken back at the end.
const OPEN = '\u001B[?1049h\u001B[?25l\u001B[?7l'
const CLOSE = '\u001B[?7h\u001B[?25h\u001B[?1049l'
const HOME = '\u001B[H'
const REST_OF_LINE = '\u001B[K'
const REST_OF_SCREEN = '\u001B[J'

/** Opens a picture on the terminal's second screen: what stood there before comes back at the end. */
export function openPicture(screen: Screen): Picture {
  let open = true
  screen.write(OPEN)
  const close = () => {
    if (!open) return
    open = false
    takeBack()
    screen.write(CLOSE)
  }
  // A second Ctrl-C ends the process at once: even then nobody should be left without a cursor.
  const takeBack = screen.onExit(close)
  return {
    draw(lines) {
      if (!open) return
      const room = Math.max(1, screen.rows() - 1)
      const over = lines.length - room
      const shown = over > 0 ? [...lines.slice(0, room - 1), `… ${over + 1} more lines`] : lines
      // In one piece and without clearing first: nothing flickers.
      screen.write(`${HOME}${shown.map((line) => `${line}${REST_OF_LINE}\r\n`).join('')}${REST_OF_SCREEN}`)
    },
    close,
  }
}

/** @returns undefined when nobody looks at the output */
export function systemScreen(): Screen | undefined {
  const { stdout } = process
  if (stdout.isTTY !== true) return undefined
  return {
    columns: () => Math.max(40, stdout.columns),
    rows: () => Math.max(2, stdout.rows),
    write: (text) => void stdout.write(text),
    onResize(listener) {
      stdout.on('resize', listener)
      return () => void stdout.off('resize', listener)
    },
    onExit(listener) {
      process.once('exit', listener)
      return () => void process.off('exit', listener)
    },
  }
}
