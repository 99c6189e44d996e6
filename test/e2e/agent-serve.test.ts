import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serveAgent } from '../support/agent-serve.ts'
import { installAgents } from '../support/agents.ts'
import { configureCodex } from '../support/codex.ts'
import { answerTurn } from '../support/messages.ts'
import { residentBytes } from '../support/processes.ts'
import type { Row } from '../support/record.ts'
import { eventStream, json } from '../support/replies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type SeenRequest, startUpstream, type Step, type Upstream } from '../support/upstream.ts'

let bin: string
let upstream: Upstream

beforeAll(async () => {
  bin = (await installAgents()).bin
  upstream = await startUpstream(answers)
})
afterAll(() => upstream?.[Symbol.asyncDispose]())

/** Prompts with `make` lead to a command and an answer, `stall` to nothing at all, others to what the model has read. */
function answers(request: SeenRequest): readonly Step[] {
  const body = request.body.toString()
  const last = lastInput(body)
  if (last === null) return json({ data: [] })
  if (last.includes('please stall')) return [{ do: 'stall' }]
  if (/tool_result|function_call_output/.test(last)) return says(request, 'The file is there.', null)
  if (last.includes('please make')) return says(request, 'I make it.', 'echo made > marker')
  return says(request, `Knows of a file: ${body.includes('please make')}`, null)
}

function lastInput(body: string): string | null {
  if (!/"(messages|input)"/.test(body)) return null
  const { messages, input } = JSON.parse(body)
  return JSON.stringify((messages ?? input).findLast((one: Row) => one.role !== 'system' && one.role !== 'developer'))
}

let answered = 0
function says(request: SeenRequest, text: string, command: string | null): readonly Step[] {
  const n = ++answered
  if ('messages' in JSON.parse(request.body.toString())) {
    const tool = { type: 'tool_use', id: `toolu_${n}`, name: 'Bash', input: { command, description: 'Make' } } as const
    const usage = { input_tokens: 5, output_tokens: 5 }
    return answerTurn(request, { blocks: [{ type: 'text', text }, ...(command === null ? [] : [tool])], usage })
  }
  const content = [{ type: 'output_text', text, annotations: [] }]
  const message = { type: 'message', id: `msg_${n}`, role: 'assistant', status: 'completed', content }
  const args = JSON.stringify({ cmd: command })
  const call = { type: 'function_call', id: `fc_${n}`, call_id: `call_${n}`, name: 'exec_command', arguments: args }
  const output = [message, ...(command === null ? [] : [{ ...call, status: 'completed' }])]
  const response = { id: `resp_${n}`, object: 'response', model: 'gpt-5.5', status: 'in_progress', output: [] }
  const usage = { input_tokens: 5, output_tokens: 5, total_tokens: 10 }
  return eventStream(
    [
      { type: 'response.created', response },
      ...output.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
      { type: 'response.completed', response: { ...response, status: 'completed', output, usage } },
    ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
  )
}

function serve(type: 'claude' | 'codex', home: string, prompt: string): Promise<Served> {
  const own = type === 'claude' ? ['--dangerously-skip-permissions'] : ['-c', 'model="gpt-5.5"']
  const words = ['--type', type, '--initial-prompt', prompt, '--', join(bin, type), ...own]
  return serveAgent({ words, home, env: environment(home) })
}

function environment(home: string): NodeJS.ProcessEnv {
  configureCodex(home, { baseUrl: `${upstream.url}/v1`, key: 'SCRIPTED_KEY' })
  return {
    PATH: process.env['PATH'],
    HOME: home,
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'sk-scripted',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    IS_SANDBOX: '1',
    SCRIPTED_KEY: 'sk-scripted',
    TERM: 'dumb',
  }
}

describe.each(['claude', 'codex'] as const)('the real %s', (type) => {
  const first = ['user: please make a file', 'agent: I make it.\n\nThe file is there.']

  test('works on its first prompt with a tool, and knows of it in the second message', async () => {
    using home = temporaryFolder()
    await using served = await serve(type, home.path, 'please make a file')
    expect(await served.settled()).toEqual(first)
    expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
    expect(await served.get('/status')).toEqual({ status: 'stable', agent_type: type, transport: 'acp' })

    expect(await (await served.send('what do you know')).json()).toEqual({ ok: true })
    const second = ['user: what do you know', 'agent: Knows of a file: true']
    expect(await served.settled()).toEqual([...first, ...second])
  })

  test('goes on with the conversation after its process was killed', async () => {
    using home = temporaryFolder()
    await using served = await serve(type, home.path, 'please make a file')
    await served.settled()
    const before = served.agentPid()
    process.kill(before, 'SIGKILL')
    await expect.poll(async () => (await served.get('/status')).status).toBe('running')
    await served.settled()
    expect(served.agentPid()).not.toBe(before)

    await served.send('what do you know')
    expect((await served.settled()).at(-1)).toBe('agent: Knows of a file: true')
  })

  test('goes on in a new driver after the old one was killed in the middle of a turn', async () => {
    using home = temporaryFolder()
    await using killed = await serve(type, home.path, 'please make a file')
    await killed.settled()
    const requests = upstream.seen.length
    await killed.send('please stall')
    await upstream.arrived(requests + 1)
    const orphan = killed.agentPid()
    killed.child.kill('SIGKILL')
    await once(killed.child, 'exit')

    await using served = await serve(type, home.path, 'please make a file')
    await expect.poll(() => residentBytes(orphan)).toBe(0)
    expect(await served.settled()).toEqual([...first, 'user: please stall'])
    await served.send('what do you know')
    expect((await served.settled()).at(-1)).toBe('agent: Knows of a file: true')
  })
})
