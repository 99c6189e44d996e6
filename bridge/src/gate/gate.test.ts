import { expect, test } from 'vitest'
import { everythingAllowed, type Policy, type ProposedCall } from '../policy.ts'
import { clientToken, rawRequest, startRawUpstream, chunkOf } from '../testing/raw-http.ts'
import { startBridge } from '../testing/start-bridge.ts'

const denial = { rule: 'tools of acme', message: 'Bash may not be called: ask Dana.' }
const withTools = (
  decide: (call: ProposedCall) => ReturnType<NonNullable<ReturnType<Policy['tools']>>['decide']>,
): Policy => ({
  ...everythingAllowed,
  tools: () => ({ decide }),
})
const noBash = withTools(({ name }) => (name === 'Bash' ? denial : null))

const event = (data: object & { readonly type?: string }): string =>
  `${data.type === undefined ? '' : `event: ${data.type}\n`}data: ${JSON.stringify(data)}\n\n`

/** One answer of each format: text, a call of Bash in pieces, and the end. */
const input = '{"command":"rm -rf /"}'
const formats = {
  'anthropic-messages': {
    provider: 'anthropic',
    path: '/v1/messages',
    body: { model: 'm', messages: [], stream: true },
    type: 'text/event-stream',
    text: [event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'I will.' } } as object)],
    call: [
      {
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 'call_1', name: 'Bash', input: {} },
      },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: input } },
      { type: 'content_block_stop', index: 1 },
    ].map(event),
    end: [
      event({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } } as object),
      event({ type: 'message_stop' }),
    ],
    status: 403,
    error: /event: error\ndata: .*permission_error/,
  },
  'openai-chat': {
    provider: 'openai',
    path: '/v1/chat/completions',
    body: { model: 'm', messages: [], stream: true },
    type: 'text/event-stream',
    text: [event({ choices: [{ index: 0, delta: { content: 'I will.' } }] } as object)],
    call: [
      {
        choices: [
          {
            index: 0,
            delta: {
              tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'Bash', arguments: '' } }],
            },
          },
        ],
      },
      { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: input } }] } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
    ].map((data) => event(data)),
    end: ['data: [DONE]\n\n'],
    status: 400,
    error: /data: .*policy_denied/,
  },
  'openai-responses': {
    provider: 'openai',
    path: '/v1/responses',
    body: { model: 'm', input: 'a', stream: true },
    type: 'text/event-stream',
    text: [event({ type: 'response.output_text.delta', output_index: 0, delta: 'I will.' } as object)],
    call: [
      {
        type: 'response.output_item.added',
        output_index: 1,
        item: { type: 'function_call', id: 'fc', call_id: 'call_1', name: 'Bash', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', output_index: 1, delta: input },
      {
        type: 'response.output_item.done',
        output_index: 1,
        item: { type: 'function_call', id: 'fc', call_id: 'call_1', name: 'Bash', arguments: input },
      },
    ].map(event),
    end: [
      event({
        type: 'response.completed',
        response: {
          id: 'r',
          output: [{ type: 'function_call', id: 'fc', call_id: 'call_1', name: 'Bash', arguments: input }],
        },
      } as object),
    ],
    status: 400,
    error: /event: response.failed\ndata: .*invalid_prompt/,
  },
  gemini: {
    provider: 'gemini',
    path: '/v1beta/models/m:streamGenerateContent?alt=sse',
    body: { contents: [] },
    type: 'text/event-stream',
    text: [event({ candidates: [{ content: { parts: [{ text: 'I will.' }] } }] } as object)],
    call: [
      event({
        candidates: [
          { content: { parts: [{ functionCall: { id: 'call_1', name: 'Bash', args: JSON.parse(input) } }] } },
        ],
      } as object),
    ],
    end: [event({ candidates: [{ finishReason: 'STOP' }] } as object)],
    status: 403,
    error: /data: .*"finishReason":"STOP"/,
  },
} as const
type Format = (typeof formats)[keyof typeof formats]

interface Asked {
  readonly policy?: Policy
  readonly limits?: Parameters<typeof startBridge>[1] extends { limits?: infer L } | undefined ? L : never
  readonly type?: string
  readonly heads?: string
}

async function ask(
  format: Format,
  pieces: readonly string[],
  { policy = noBash, limits, type = format.type, heads = '' }: Asked = {},
) {
  const answer = Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 X\r\ncontent-type: ${type}\r\n${heads}connection: close\r\ntransfer-encoding: chunked\r\n\r\n`,
    ),
    ...pieces.map((piece) => chunkOf(piece)),
    Buffer.from('0\r\n\r\n'),
  ])
  await using upstream = await startRawUpstream((socket) => socket.end(answer))
  await using reeve = await startBridge(upstream.url, {
    provider: format.provider,
    policy,
    ...(limits !== undefined && { limits }),
  })
  const body = JSON.stringify(format.body)
  const got = await rawRequest(
    reeve.port,
    `POST ${format.path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${clientToken}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
  await reeve.recorder.ended(1)
  expect(reeve.recorder.violations).toEqual([])
  const record = reeve.recorder.records[0]!
  return { got, record, recorded: Buffer.concat([record.answer, record.trailer]).toString(), events: reeve.events }
}

const all = Object.entries(formats)

test.each(all)(
  '%s: a tool call that is denied never leaves, what was said before it does, and all of it is on record',
  async (_name, format) => {
    const pieces = [...format.text, ...format.call, ...format.end]
    const { got, record, recorded } = await ask(format, pieces)
    expect(got.body.startsWith(format.text.join(''))).toBe(true)
    expect(got.body).not.toContain('"Bash"')
    expect(got.body).not.toContain('rm -rf')
    expect(got.body.slice(format.text.join('').length)).toMatch(format.error)
    expect(got.body).toContain(denial.message)
    expect(got.complete).toBe(true)
    expect(recorded).toBe(pieces.join(''))
    expect(record.end).toMatchObject({
      outcome: 'denied',
      statusCode: 200,
      errorType: 'policy_denied',
      errorMessage: denial.message,
    })
    expect(record.end?.decisions).toMatchObject([
      { subject: 'tool_call', name: 'Bash', toolCallId: 'call_1', allowed: false, rule: denial.rule },
    ])
  },
)

test.each(all)('%s: an allowed tool call leaves whole, and is on record as decided', async (_name, format) => {
  const seen: ProposedCall[] = []
  const pieces = [...format.text, ...format.call, ...format.end]
  const { got, record } = await ask(format, pieces, { policy: withTools((call) => (seen.push(call), null)) })
  expect(got.body).toBe(pieces.join(''))
  expect(seen).toEqual([{ id: 'call_1', name: 'Bash', input }])
  expect(record.end?.outcome).toBe('ok')
  expect(record.end?.decisions).toMatchObject([{ name: 'Bash', allowed: true, rule: null }])
})

test.each(all)('%s: nothing of a call leaves before it is decided, whatever comes behind it', async (_name, format) => {
  let decide = (): void => {}
  let asked = (): void => {}
  const isAsked = new Promise<void>((resolve) => (asked = resolve))
  const policy = withTools(
    () =>
      new Promise((resolve) => {
        decide = () => resolve(null)
        asked()
      }),
  )
  let go = (): void => {}
  await using upstream = await startRawUpstream((socket) => {
    socket.write(`HTTP/1.1 200 X\r\ncontent-type: ${format.type}\r\nconnection: close\r\n\r\n`)
    socket.write([...format.text, ...format.call, ...format.text].join(''))
    go = () => socket.end(format.end.join(''))
  })
  await using reeve = await startBridge(upstream.url, { provider: format.provider, policy })
  const answer = await fetch(`http://127.0.0.1:${reeve.port}${format.path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${clientToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(format.body),
  })
  const reader = answer.body!.getReader()
  let text = ''
  const readTo = async (wanted: string): Promise<void> => {
    while (text.length < wanted.length) {
      const { value, done } = await reader.read()
      if (done) break
      text += Buffer.from(value).toString()
    }
    expect(text).toBe(wanted)
  }
  await isAsked
  await readTo(format.text.join(''))
  decide()
  await readTo([...format.text, ...format.call, ...format.text].join(''))
  go()
  await readTo([...format.text, ...format.call, ...format.text, ...format.end].join(''))
  reader.releaseLock()
})

test.each(all)('%s: a policy that throws, or does not answer, says no', async (_name, format) => {
  const pieces = [...format.call, ...format.end]
  const broken = withTools(() => {
    throw new Error('gone')
  })
  const rejecting = withTools(() => Promise.reject(new Error('gone')))
  const silent = withTools(() => new Promise(() => {}))
  for (const policy of [broken, rejecting, silent]) {
    const { got, record } = await ask(format, pieces, { policy, limits: { decisionMs: 20 } })
    expect(got.body).not.toContain('"Bash"')
    expect(record.end).toMatchObject({ outcome: 'denied', decisions: [{ allowed: false, rule: 'a decision in time' }] })
  }
})

test.each(all)(
  '%s: a call that is too large, and an answer that is compressed, do not leave',
  async (_name, format) => {
    const pieces = [...format.call, ...format.end]
    const large = await ask(format, pieces, { policy: withTools(() => null), limits: { heldBytes: 10 } })
    if (format !== formats.gemini) {
      expect(large.got.body).not.toContain('"Bash"')
      expect(large.record.end).toMatchObject({
        outcome: 'denied',
        decisions: [{ rule: 'tool calls within the bounds' }],
      })
    }
    const compressed = await ask(format, pieces, { policy: withTools(() => null), heads: 'content-encoding: gzip\r\n' })
    expect(compressed.got.head).toMatch(new RegExp(`^HTTP/1.1 ${format.status} `))
    expect(compressed.record.end).toMatchObject({
      outcome: 'denied',
      decisions: [{ rule: 'tool calls that can be read' }],
    })
  },
)

/** Answers in one piece, with a call in them. */
const wholes: Readonly<Record<keyof typeof formats, object>> = {
  'anthropic-messages': { type: 'message', content: [{ type: 'tool_use', id: 'call_1', name: 'Bash', input: {} }] },
  'openai-chat': {
    choices: [
      {
        index: 0,
        message: { tool_calls: [{ id: 'call_1', function: { name: 'Bash', arguments: '{}' } }] },
        finish_reason: 'tool_calls',
      },
    ],
  },
  'openai-responses': { output: [{ type: 'function_call', call_id: 'call_1', name: 'Bash', arguments: '{}' }] },
  gemini: { candidates: [{ content: { parts: [{ functionCall: { id: 'call_1', name: 'Bash', args: {} } }] } }] },
}

test.each(Object.keys(wholes) as (keyof typeof formats)[])(
  '%s: in one piece a denied call is a refusal that no client asks again for',
  async (name) => {
    const format = formats[name]
    const piece = JSON.stringify(wholes[name])
    const { got, record, recorded } = await ask(format, [piece.slice(0, 20), piece.slice(20)], {
      type: 'application/json',
    })
    expect(got.head).toMatch(new RegExp(`^HTTP/1.1 ${format.status} `))
    expect(got.head).toContain('x-should-retry: false')
    expect(got.body).toContain(denial.message)
    expect(recorded).toBe(piece)
    expect(record.end).toMatchObject({ outcome: 'denied', statusCode: format.status })
    const allowed = await ask(format, [piece], { type: 'application/json', policy: withTools(() => null) })
    expect(allowed.got.body).toBe(piece)
    expect(allowed.record.end).toMatchObject({ outcome: 'ok', decisions: [{ name: 'Bash', allowed: true }] })
  },
)

test('an answer of another type than it should have is not taken for one without calls', async () => {
  const format = formats['anthropic-messages']
  const { got } = await ask(format, [...format.call, ...format.end], { type: 'text/plain' })
  expect(got.body).not.toContain('"Bash"')
})

test('what a provider sends behind the end of its answer passes only where it calls nothing', async () => {
  const format = formats['anthropic-messages']
  const quiet = await ask(format, [...format.end, ': bye\n\n'])
  expect(quiet.got.body).toBe([...format.end, ': bye\n\n'].join(''))
  const late = await ask(format, [...format.end, ...format.call])
  expect(late.got.body).toBe(format.end.join(''))
  expect(late.recorded).toBe([...format.end, ...format.call].join(''))
})

test('decisions are counted, and a client that waits long is told that there is somebody', async () => {
  const format = formats['anthropic-messages']
  const policy = withTools(() => new Promise((resolve) => void setTimeout(resolve, 60, null)))
  const { got, events } = await ask(format, [...format.call, ...format.end], { policy, limits: { keepAliveMs: 10 } })
  expect(got.body).toContain(': a tool call is being looked at\n\n')
  expect(got.body.replaceAll(': a tool call is being looked at\n\n', '')).toBe([...format.call, ...format.end].join(''))
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'decided', subject: 'tool_call', allowed: true, providerName: 'anthropic' }),
  )
})
