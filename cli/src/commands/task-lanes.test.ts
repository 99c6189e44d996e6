import { endpoints, type TaskDetails, type TaskLogEntry } from '@reeve/sdk'
import { beforeEach, expect, test } from 'vitest'
import { type Asked, type Handler, type Name, Refusal, type RunOptions, runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

let answers: Partial<Record<Name, Handler>>
let asked: readonly Asked[]
let task: TaskDetails
let call: Record<string, unknown>
let decision: Record<string, unknown>
const nobody: Asked = { name: 'getTask', params: {}, query: {}, body: undefined, token: null }

const minute = (at: number): string => `2026-11-20T11:0${at}:00Z`
const said = (id: number, content: string, type: TaskLogEntry['type'] = 'output'): TaskLogEntry => ({
  id,
  content,
  type,
  time: minute(id * 2),
})
const timeline = (...events: readonly unknown[]) => ({ events, next: null, decisions: [], builds: [] })
const decided = (...events: readonly unknown[]) => ({ events, count: events.length, count_is_exact: true })

beforeEach(() => {
  answers = everything(false)
  task = endpoints.getTask.result.parse(answers.getTask?.(nobody))
  answers.getTask = () => task
  answers.listTaskLogs = () => ({ logs: [said(0, 'Fix it', 'input'), said(1, 'I found it'), said(2, 'Done')] })
  const [event] = Object(answers.getSessionTimeline?.(nobody)).events
  call = { ...event, kind: 'tool_call', id: 't1', tool_name: 'Bash', text: '{"command":"npm\ttest"}', time: minute(1) }
  answers.getSessionTimeline = () => timeline({ ...event, id: 't0', kind: 'text', time: minute(0) }, call)
  const [denied] = Object(answers.listBoundaryEvents?.(nobody)).events
  const net = { ...denied.net, url: 'https://telemetry.example.com/v1/t' }
  decision = { ...denied, id: '0197f3a2-0000-7000-8000-000000000007', net, time: minute(3) }
  answers.listBoundaryEvents = () => decided(decision)
})

async function logs(argv: readonly string[], options: RunOptions = {}) {
  await using deployment = await serveContract(answers)
  asked = deployment.asked
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' }
  return await runCli(['tasks', 'logs', 'billing-test', '--tz', 'UTC', ...argv], { ...options, env })
}
const contentsOf = (stdout: string): string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ lane, content }) => `${lane}: ${content}`)

test('what was said and done stands in the order of the clock', async () => {
  const ran = await logs(['--lanes', 'agent,tool,net', '-o', 'jsonl'])
  expect(ran.code, ran.stderr).toBe(0)
  expect(contentsOf(ran.stdout)).toEqual([
    'agent: (told) Fix it',
    'tool: Bash {"command":"npm\ttest"}',
    'agent: I found it',
    expect.stringMatching(/^net: denied POST https:\/\/telemetry.example.com\/v1\/t dny_/),
    'agent: Done',
  ])
  const { q } = asked.find(({ name }) => name === 'listBoundaryEvents')?.query ?? {}
  expect(q).toBe(`task:${task.id} kind:net,dns`)
})

test('a lane that is not wanted is not asked for, and one that is none is told', async () => {
  const ran = await logs(['--lanes', 'net', '-o', 'jsonl'])
  expect(contentsOf(ran.stdout)).toHaveLength(1)
  expect(asked.map(({ name }) => name)).not.toContain('listTaskLogs')
  expect(asked.map(({ name }) => name)).not.toContain('getSessionTimeline')
  expect(await logs(['--lanes', 'agent,files'])).toMatchObject({ code: 2, stdout: '' })
  expect(await logs(['--lanes', 'net', '--after', '2'])).toMatchObject({ code: 2, stdout: '' })
})

test('--since leaves out what came before, with lanes and without', async () => {
  const ran = await logs(['--lanes', 'agent,tool,net', '--since', minute(2), '-o', 'jsonl'])
  expect(contentsOf(ran.stdout).map((line) => line.split(':')[0])).toEqual(['agent', 'net', 'agent'])
  expect(asked.find(({ name }) => name === 'listBoundaryEvents')?.query).toMatchObject({
    q: expect.stringContaining('started_after:2026-11-20T11:02:00.000Z'),
  })
  const words = await logs(['--since', minute(3), '-o', 'jsonl'])
  expect(JSON.parse(words.stdout)).toMatchObject({ content: 'Done' })
  expect(await logs(['--since', 'soon'])).toMatchObject({ code: 2, stdout: '' })
})

test('followed, each is given once, the last answer when it is whole, and the end is that of the task', async () => {
  const later = { ...call, id: 't2', tool_name: 'Edit', text: '{}' }
  const late = { ...decision, id: '0197f3a2-0000-7000-8000-000000000008' }
  let looks = 0
  let isDone = false
  answers.getTask = () => {
    if (looks >= 2) isDone = true
    return isDone ? new Refusal(404, { message: 'there is no such task', code: 'not_found' }) : task
  }
  answers.getSessionTimeline = () => timeline(...(looks === 0 ? [call] : [call, later]))
  answers.listBoundaryEvents = () => decided(...(looks++ === 0 ? [decision] : [late, decision]))
  let connected = 0
  answers.followTaskLogs = () => {
    if (++connected > 1) return new Refusal(404, { message: 'there is no such task', code: 'not_found' })
    const idle = { timestamp: minute(4), state: 'idle', message: '', uri: '' }
    return [
      { kind: 'entry', entry: said(2, 'Done, all of it') },
      { kind: 'status', status: 'active', current_state: idle },
    ]
  }
  const ran = await logs(['--follow', '--lanes', 'agent,tool,net', '-o', 'jsonl'])
  expect(ran.code, ran.stderr).toBe(0)
  const lines = contentsOf(ran.stdout)
  expect(lines.slice(0, 4).map((line) => line.split(':')[0])).toEqual(['agent', 'tool', 'agent', 'net'])
  expect(lines.slice(4).toSorted()).toEqual(
    expect.arrayContaining(['agent: Done, all of it', expect.stringMatching(/^net: denied/)]),
  )
  expect(lines.filter((line) => line.startsWith('net'))).toHaveLength(2)
  expect(lines.filter((line) => line === 'agent: Done')).toEqual([])
})

test('a person is shown a tool call in one line, whatever it was given', async () => {
  call = { ...call, tool_name: 'Write', text: `{"content":"${'line\n'.repeat(500)}"}` }
  answers.getSessionTimeline = () => timeline(call)
  const { stdout } = await logs(['--lanes', 'tool', '--color', 'never'])
  expect(stdout).toMatch(/^Fri 20 Nov 2026, 11:01:00 UTC {2}tool {3}Write .{100,160}…\n$/)
})
