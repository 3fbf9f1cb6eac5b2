import { describe, expect, it } from 'vitest'
import { addedInput, answeredBy, type OwnedStep, readStep, withHistory } from './history.ts'

const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] })
const said = (text: string) => ({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] })
const step = (output: readonly unknown[], ownerId: string | undefined = 'cred_a'): OwnedStep => ({
  input: [user('one')],
  output,
  ownerId,
})
/** The items that a request with this one answer in it has between the first and the last word of the user. */
function told(output: readonly unknown[], ownerId?: string | null) {
  const kept = step(output, ownerId === null ? undefined : ownerId)
  const whole = withHistory({ model: 'm', previous_response_id: 'resp_1', input: 'two' }, [
    ownerId === null ? { input: kept.input, output } : kept,
  ])
  const input = (whole?.body['input'] ?? []) as readonly unknown[]
  expect([input[0], input.at(-1)]).toEqual([user('one'), user('two')])
  return { items: input.slice(1, -1), dropped: whole?.dropped }
}

describe('a request with its conversation in it', () => {
  it('has everything in order, nothing of earlier instructions, and no reference', () => {
    const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
    const result = { type: 'function_call_output', call_id: 'call_1', output: 'yes' }
    const steps = [step([{ ...call, id: 'fc_1', status: 'completed' }]), { input: [result], output: [said('done')] }]
    const body = {
      model: 'm',
      instructions: 'be brief',
      tools: [],
      previous_response_id: 'resp_2',
      input: [user('two')],
    }
    expect(withHistory(body, steps)).toEqual({
      body: {
        model: 'm',
        instructions: 'be brief',
        tools: [],
        input: [user('one'), call, result, said('done'), user('two')],
      },
      dropped: [],
    })
  })

  it.each([
    ['messages, without what their maker noted', { ...said('x'), id: 'msg_1', status: 'completed' }, said('x')],
    ['what a message is for', { ...said('x'), phase: 'commentary' }, { ...said('x'), phase: 'commentary' }],
    [
      'free calls',
      { id: 'ctc_1', type: 'custom_tool_call', call_id: 'call_1', name: 'f', input: 'x' },
      { type: 'custom_tool_call', call_id: 'call_1', name: 'f', input: 'x' },
    ],
    [
      'encrypted reasoning, for whoever made it',
      { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
      { type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
    ],
    [
      'calls that the client answers by their id',
      { id: 'lsh_1', type: 'local_shell_call', call_id: 'call_1', action: {} },
      { id: 'lsh_1', type: 'local_shell_call', call_id: 'call_1', action: {} },
    ],
  ])('keeps %s', (_name, item, as) => {
    expect(told([item])).toEqual({ items: [as], dropped: [] })
  })

  it.each([
    ['reasoning that is a mere reference', { id: 'rs_1', type: 'reasoning', summary: [] }],
    ['a search', { id: 'ws_1', type: 'web_search_call', status: 'completed' }],
    ['a search in files', { id: 'fs_1', type: 'file_search_call', results: null }],
    ['code that ran there', { id: 'ci_1', type: 'code_interpreter_call', container_id: 'cntr_1' }],
    ['an image', { id: 'ig_1', type: 'image_generation_call', result: 'AAAA' }],
    ['tools of a server', { id: 'mcpl_1', type: 'mcp_list_tools', tools: [] }],
    ['a call of such a tool', { id: 'mcp_1', type: 'mcp_call', output: 'x' }],
  ])('leaves out %s and says so', (_name, item) => {
    expect(told([item, said('x')])).toEqual({ items: [said('x')], dropped: [`input.${item.type}`] })
  })

  it('leaves out what is encrypted when nobody knows by whom', () => {
    const sealed = { type: 'reasoning', summary: [], encrypted_content: 'gAAA' }
    expect(told([sealed, { type: 'compaction', encrypted_content: 'gAAB' }], null)).toEqual({
      items: [],
      dropped: ['input.reasoning.encrypted_content', 'input.compaction.encrypted_content'],
    })
  })

  it('cannot be made when the request speaks of what only the provider has', () => {
    const input = [{ type: 'item_reference', id: 'msg_1' }]
    expect(withHistory({ previous_response_id: 'resp_1', input }, [step([])])).toBeUndefined()
    expect(withHistory({ previous_response_id: 'resp_1', input: 7 }, [step([])])).toBeUndefined()
  })

  it('can be made when that request itself is not to be stored', () => {
    expect(withHistory({ input: 'two', store: false }, [step([])])?.body).toMatchObject({ store: false })
  })
})

describe('what a request adds', () => {
  it.each([
    ['text', { input: 'one' }, [user('one')]],
    ['a list', { input: [user('one')], store: true }, [user('one')]],
    ['nothing', {}, []],
    ['nothing that is to be stored', { input: 'one', store: false }, undefined],
    ['to what the provider keeps', { input: 'one', conversation: { id: 'conv_1' } }, undefined],
    ['to a prompt that the provider keeps', { input: 'one', prompt: { id: 'pmpt_1' } }, undefined],
    ['a reference', { input: [user('one'), { type: 'item_reference', id: 'msg_1' }] }, undefined],
    ['no input at all', { input: { text: 'one' } }, undefined],
  ])('%s', (_name, body, added) => {
    expect(addedInput(body)).toEqual(added)
  })
})

describe('an answer that can be gone on from', () => {
  it.each(['completed', 'incomplete'])('is %s and has an id', (status) => {
    expect(answeredBy({ id: 'resp_1', status, output: [said('x')] })).toEqual({ id: 'resp_1', output: [said('x')] })
  })

  it.each([['queued'], ['in_progress'], ['failed'], ['cancelled'], [undefined]])('is not one that is %s', (status) => {
    expect(answeredBy({ id: 'resp_1', status, output: [] })).toBeUndefined()
  })
})

it('a step that cannot be read is none', () => {
  expect(readStep('{"input":[],"output":[]}')).toEqual({ input: [], output: [] })
  for (const text of ['', '[]', '{"input":[]}', '{"input":[],"output":7}']) expect(readStep(text)).toBeUndefined()
})
