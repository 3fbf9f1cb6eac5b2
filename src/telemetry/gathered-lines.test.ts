import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { gatherLines } from './gathered-lines.ts'

function gathering() {
  const platform = manualPlatform()
  const written: string[] = []
  return { platform, written, lines: gatherLines((text) => written.push(text), platform.timers) }
}

describe('lines that are gathered', () => {
  it('are written together, in their order, a moment later', () => {
    const { platform, written, lines } = gathering()
    lines.write('one\n')
    lines.write('two\n')
    expect(written).toEqual([])
    platform.advance(20)
    expect(written).toEqual(['one\ntwo\n'])
    platform.advance(1_000)
    expect(written).toHaveLength(1)
    lines.write('three\n')
    platform.advance(20)
    expect(written).toEqual(['one\ntwo\n', 'three\n'])
  })

  it('are written at once when there are many, and at the end', () => {
    const { platform, written, lines } = gathering()
    const long = `${'x'.repeat(40_000)}\n`
    lines.write(long)
    lines.write(long)
    expect(written).toEqual([long + long])
    expect(platform.waiting()).toBe(0)
    lines.write('last\n')
    lines.flush()
    lines.flush()
    expect(written).toEqual([long + long, 'last\n'])
    expect(platform.waiting()).toBe(0)
  })
})
