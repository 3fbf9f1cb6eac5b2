import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { classify } from '../failure/classify.ts'
import { observeException } from '../failure/observe-exception.ts'
import { observeHttp } from '../failure/observe-http.ts'
import { systemPlatform } from '../platform/platform.ts'
import { FailureRecorder, readRecords } from './failure-recorder.ts'

const SEEN_AT_MS = Date.UTC(2026, 10, 24)

function failure(status: number, body: string, headers: Record<string, string> = {}) {
  return classify(observeHttp({ provider: 'lab', api: 'responses', status, headers, body, seenAtMs: SEEN_AT_MS }))
}

function recorderIn(folder: string) {
  const path = join(folder, 'failures.jsonl')
  const troubles: string[] = []
  const recorder = new FailureRecorder({
    path,
    platform: systemPlatform,
    redact: (text) => text.replaceAll('planted-secret', '[redacted]'),
    onTrouble: (message) => troubles.push(message),
  })
  return { recorder, path, troubles }
}

describe('FailureRecorder', () => {
  it('keeps what no row knew, once for each kind, without secrets, for its owner only', async () => {
    const { recorder, path } = recorderIn(temporaryHome())
    for (const id of ['a1', 'b2', 'c3'])
      recorder.record(
        failure(418, `{"error":{"message":"odd thing ${id} with planted-secret"}}`, {
          'x-user': 'me',
          'retry-after': '7',
        }),
      )
    await recorder.flush()
    recorder.record(failure(418, '{"error":{"message":"odd thing d4 with planted-secret"}}'))
    await recorder.flush()
    expect(await readRecords(path)).toMatchObject([
      { provider: 'lab', surface: 'http', status: 418, count: 4, got: 'unknown', rule: 'none' },
    ])
    expect(readFileSync(path, 'utf8')).not.toMatch(/planted-secret|x-user/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('leaves alone what a row knew, and bare statuses', async () => {
    const { recorder, path } = recorderIn(temporaryHome())
    recorder.record(failure(429, '{"error":{"code":"rate_limit_exceeded"}}'))
    recorder.record(failure(503, ''))
    const aborted = observeException({ provider: 'lab', api: 'responses', error: { name: 'AbortError' }, seenAtMs: 0 })
    recorder.record(classify(aborted))
    await recorder.flush()
    expect(existsSync(path)).toBe(false)
  })

  it('keeps a status that spoke although there were words, and exceptions', async () => {
    const { recorder, path } = recorderIn(temporaryHome())
    recorder.record(failure(403, '{"error":{"message":"nobody knows these words"}}'))
    const thrown = observeException({ provider: 'lab', api: 'responses', error: new Error('odd'), seenAtMs: 0 })
    recorder.record(classify(thrown))
    await recorder.flush()
    expect((await readRecords(path)).map(({ surface }) => surface).sort()).toEqual(['exception', 'http'])
  })

  it('is bounded in kinds and in size', async () => {
    const { recorder, path } = recorderIn(temporaryHome())
    const word = (index: number) => String.fromCharCode(97 + (index % 26), 97 + Math.floor(index / 26))
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 90; index += 1)
        recorder.record(failure(418, `{"error":{"message":"kind ${word(index + round * 90)} ${'x'.repeat(20_000)}"}}`))
      await recorder.flush()
    }
    const records = await readRecords(path)
    expect(records).toHaveLength(100)
    expect(statSync(path).size).toBeLessThan(100 * 6000)
  })

  it('two at once lose no kind that was there before, and a damaged line costs only itself', async () => {
    const home = temporaryHome()
    const [one, two] = [recorderIn(home), recorderIn(home)]
    one.recorder.record(failure(418, 'first odd words'))
    await one.recorder.flush()
    writeFileSync(one.path, `${readFileSync(one.path, 'utf8')}{"half":\n[]\n`)
    two.recorder.record(failure(418, 'second odd words'))
    await two.recorder.flush()
    expect((await readRecords(one.path)).map(({ body = '' }) => body).sort()).toEqual([
      'first odd words',
      'second odd words',
    ])
    expect(readdirSync(home)).toEqual(['failures.jsonl'])
  })

  it('a folder that cannot be written costs the record, not the call', async () => {
    const folder = join(temporaryHome(), 'gone')
    const { recorder, troubles } = recorderIn(folder)
    recorder.record(failure(418, 'odd'))
    await recorder.flush()
    expect(troubles).toEqual(['unknown failures are not recorded (ENOENT)'])
    mkdirSync(folder)
    recorder.record(failure(418, 'odd'))
    await recorder.flush()
    chmodSync(folder, 0o700)
    expect(await readRecords(join(folder, 'failures.jsonl'))).toHaveLength(1)
  })
})
