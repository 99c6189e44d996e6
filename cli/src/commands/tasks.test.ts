import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '@reeve/base'
import { endpoints, type Task, type TaskDetails, type TaskLogEvent, taskPhases } from '@reeve/sdk'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Asked, type Handler, type Name, Refusal, type RunOptions, runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-tasks-'))
afterAll(() => rmSync(folder, { recursive: true }))

let answers: Partial<Record<Name, Handler>>
let asked: readonly Asked[]
let task: TaskDetails
beforeEach(() => {
  answers = everything(false)
  task = endpoints.getTask.result.parse(answers.getTask?.(nobody))
  task = { ...task, template_name: 'agent-small', display_name: 'Fix it', current_state: working('Running npm test') }
  answers.getTask = () => task
  const standing = endpoints.getEntitlements.result.parse(answers.getEntitlements?.(nobody))
  const used = { entitlement: 'entitled', enabled: true, limit: 1000, actual: 813 } as const
  answers.getEntitlements = () => ({ ...standing, features: { ...standing.features, managed_agent_limit: used } })
})
const nobody: Asked = { name: 'getTask', params: {}, query: {}, body: undefined, token: null }
const working = (message: string) => ({ timestamp: at, state: 'working' as const, message, uri: '' })
const at = '2026-11-20T11:00:00Z'

const notFound = new Refusal(404, { message: 'there is no such task', code: 'not_found' })

async function reeve(argv: readonly string[], options: RunOptions = {}) {
  await using deployment = await serveContract(answers)
  asked = deployment.asked
  return await runCli(argv, { ...options, env: { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept', ...options.env } })
}
const bodyOf = (name: Name): unknown => asked.find((one) => one.name === name)?.body
const tasksOf = (...all: Task[]) => ({ tasks: all, count: all.length })

describe('create', () => {
  test('says what it counts and how to follow it, and stdout is the task alone', async () => {
    const ran = await reeve(['task', 'create', '-t', 'agent-small', 'Fix the test', '-o', 'id'])
    expect(ran.stdout).toBe(`${task.id}\n`)
    expect(ran.stderr).toContain('counts 1 Agent Workspace Build (813 of 1,000 used)')
    expect(ran.stderr).toContain(`/tasks/${task.id}`)
    expect(ran.stderr).toContain('reeve tasks logs -f billing-test')
  })

  test('everything that is given is asked for, and nothing that is not', async () => {
    const words = ['tasks', 'create', 'Do it', '--preset', 'Large', '--param', 'cpu=4', '--parameter', 'zone=a=b']
    const more = ['--label', 'ci=7', '--idempotency-key', 'k1', '--budget-tokens', '5000', '--time-limit', '30m']
    const policy = join(folder, 'policy.yaml')
    writeFileSync(policy, 'apiVersion: reeve/v1\n')
    const ran = await reeve([...words, ...more, '--on-limit', 'delete', '--boundary-policy', policy], {
      env: { REEVE_TASK_TEMPLATE: 'agent-small' },
    })
    expect(ran.code, ran.stderr).toBe(0)
    expect(bodyOf('createTask')).toEqual({
      template_id: expect.any(String),
      template_version_preset_id: expect.any(String),
      input: 'Do it',
      rich_parameter_values: [
        { name: 'cpu', value: '4' },
        { name: 'zone', value: 'a=b' },
      ],
      labels: { ci: '7' },
      idempotency_key: 'k1',
      token_budget: 5000,
      time_limit_seconds: 1800,
      on_limit: 'delete',
      boundary_policy: 'apiVersion: reeve/v1\n',
    })
  })

  test('a template is wanted before anything is asked of the server', async () => {
    const ran = await reeve(['tasks', 'create', 'Do it'])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('--template is missing')
    expect(asked).toEqual([])
  })

  test('stdin is read where it is asked for, and never otherwise', async () => {
    const script = 'rm -rf the-rest-of-a-script\n'
    const refused = await reeve(['tasks', 'create', '-t', 'agent-small'], { stdin: script })
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('--prompt-file or --stdin')
    for (const words of [['--stdin'], ['-'], ['--prompt-file', '-']]) {
      await reeve(['tasks', 'create', '-t', 'agent-small', ...words], { stdin: 'Do it\nwell\n' })
      expect(bodyOf('createTask')).toMatchObject({ input: 'Do it\nwell' })
    }
    writeFileSync(join(folder, 'task.md'), 'From a file\n')
    await reeve(['tasks', 'create', '-t', 'agent-small', '--prompt-file', 'task.md'], { cwd: folder })
    expect(bodyOf('createTask')).toMatchObject({ input: 'From a file' })
    const twice = await reeve(['tasks', 'create', '-t', 'x', 'a', '--prompt-file', 'task.md'], { cwd: folder })
    expect(twice.stderr).toContain('the prompt is given twice')
  })

  test('a preset that is none is answered with those that there are', async () => {
    const ran = await reeve(['tasks', 'create', 'Do it', '-t', 'agent-small', '--preset', 'Huge'])
    expect(ran).toMatchObject({ code: 3, stdout: '' })
    expect(ran.stderr).toContain('choose from Large')
  })
})

describe('which task', () => {
  beforeEach(() => {
    answers.getTask = ({ params }) => (params['task'] === task.id || params['task'] === task.name ? task : notFound)
  })

  test('a name, owner/name, an id and an end of it that only one has', async () => {
    answers.listTasks = () => tasksOf(task, { ...task, id: '0197f3a2-0000-7000-8000-00000000ffff' })
    for (const ref of [task.name, `dana/${task.name}`, task.id, task.id.slice(-4), task.id.slice(0, 13)]) {
      expect(await reeve(['tasks', 'status', ref, '-o', 'id'])).toMatchObject({ code: 0, stdout: `${task.id}\n` })
    }
    expect(asked.find(({ name }) => name === 'listTasks')?.query).toMatchObject({ q: 'owner:me' })
  })

  test('an end that two have is answered with both', async () => {
    const other = { ...task, id: `1${task.id.slice(1)}`, name: 'other' }
    answers.listTasks = () => tasksOf(task, other)
    const ran = await reeve(['tasks', 'pause', task.id.slice(-4)])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(`other: ${other.id}`)
    expect(asked.some(({ name }) => name === 'pauseTask')).toBe(false)
  })

  test('what is no task is not found', async () => {
    answers.listTasks = () => tasksOf(task)
    expect(await reeve(['tasks', 'status', 'deadbeef'])).toMatchObject({ code: 3, stdout: '' })
    expect(await reeve(['tasks', 'status', 'no-such-task'])).toMatchObject({ code: 3, stdout: '' })
  })
})

describe('wait', () => {
  const reaching = (reached: string, change: Partial<Task> = {}) => {
    answers.waitForTask = () => ({ reached, task: { ...task, ...change } })
  }
  const cases: readonly [string, string, Partial<Task>, number, string][] = [
    ['done', 'done', {}, 0, 'done'],
    ['needs input', 'idle', {}, 21, 'needs input'],
    ['failed', 'failed', { status: 'error', error: 'no such image' }, 20, 'failed'],
    ['canceled', 'failed', { status: 'error', workspace_status: 'canceled' }, 22, 'canceled'],
    ['deleted', 'deleted', {}, 22, 'deleted'],
    ['paused', 'paused', { status: 'paused' }, 23, 'paused'],
    ['out of tokens', 'paused', { status: 'paused', limit_reached: 'tokens' }, 8, 'tokens'],
    ['out of its time', 'paused', { status: 'paused', limit_reached: 'time' }, 7, 'time'],
  ]
  test.each(cases)('%s has an exit code of its own', async (_, reached, change, code, outcome) => {
    reaching(reached, change)
    const ran = await reeve(['tasks', 'wait', 'billing-test', '-o', 'json'])
    expect(ran.code).toBe(code)
    expect(JSON.parse(ran.stdout)).toMatchObject({ id: task.id, outcome })
  })

  test('what is waited for is success, and a word that is none is refused before anything is asked', async () => {
    reaching('idle')
    expect((await reeve(['tasks', 'wait', 'billing-test', '--until', 'done,idle'])).code).toBe(0)
    reaching('paused', { status: 'paused' })
    expect((await reeve(['tasks', 'wait', 'billing-test', '--until', 'paused'])).code).toBe(0)
    expect((await reeve(['tasks', 'wait', 'billing-test', '--until', 'soon'])).code).toBe(2)
    expect(asked).toEqual([])
  })

  test('what goes on is said once for each change, and the words of an agent drive no terminal', async () => {
    const messages = ['Reading', 'Reading', 'Editing\u001B[2J', '']
    answers.waitForTask = () => {
      const message = messages.shift() ?? ''
      const reached = messages.length === 0 ? 'done' : null
      return { reached, task: { ...task, tokens_used: 0, current_state: working(message) } }
    }
    const { stderr } = await reeve(['tasks', 'wait', 'billing-test'])
    expect(stderr.split('\n').filter((line) => line.startsWith('> working: Reading'))).toHaveLength(1)
    expect(stderr).toContain('Editing\\e[2J')
    expect(stderr).not.toContain('\u001B')
  })

  test('the time to wait ends with 7, the task as it is then, and what is to be done then', async () => {
    const clock = manualClock()
    answers.waitForTask = () => {
      clock.advance(31_000)
      return { reached: null, task }
    }
    const ran = await reeve(['tasks', 'wait', 'billing-test', '--timeout', '30s', '--on-fail', 'pause', '-o', 'json'], {
      clock,
    })
    expect(ran.code).toBe(7)
    expect(JSON.parse(ran.stdout)).toMatchObject({ outcome: 'timeout' })
    expect(asked.map(({ name }) => name)).toContain('pauseTask')
  })

  test('what does not succeed is deleted where that is said, and kept where it succeeds', async () => {
    reaching('failed', { status: 'error' })
    await reeve(['tasks', 'create', '-t', 'agent-small', 'Do it', '--wait', '--on-fail', 'delete'])
    expect(asked.map(({ name }) => name)).toContain('deleteTask')
    reaching('done')
    const ran = await reeve(['tasks', 'create', '-t', 'agent-small', 'Do it', '--wait', '--on-fail', 'delete'])
    expect(ran.code).toBe(0)
    expect(asked.map(({ name }) => name)).not.toContain('deleteTask')
  })

  test('Ctrl-C ends the waiting, says how to follow it, and leaves the task alone', async () => {
    const begun = Promise.withResolvers<void>()
    answers.waitForTask = () => {
      begun.resolve()
      return new Promise(() => {})
    }
    const ran = await reeve(['tasks', 'wait', 'billing-test', '--on-fail', 'delete'], { stopWhen: begun.promise })
    expect(ran).toMatchObject({ code: 130, stdout: '' })
    expect(ran.stderr).toContain('detached; the task goes on: reeve tasks logs -f billing-test')
    expect(asked.map(({ name }) => name)).not.toContain('deleteTask')
  })

  test('a task that is deleted while it is waited for ends the waiting', async () => {
    answers.waitForTask = () => notFound
    expect((await reeve(['tasks', 'wait', 'billing-test'])).code).toBe(22)
  })
})

describe('send', () => {
  beforeEach(() => {
    task = { ...task, status: 'paused' }
    answers.waitForTask = () => ({ reached: 'idle', task: { ...task, status: 'active' } })
  })

  test('a paused task is resumed only when that was said', async () => {
    const unasked = await reeve(['tasks', 'send', 'billing-test', 'go on'])
    expect(unasked).toMatchObject({ code: 2, stdout: '' })
    expect(unasked.stderr).toMatch(/counts 1 Agent Workspace Build \(813 of 1,000 used\)\. Resume it.*--yes/s)
    const refused = await reeve(['tasks', 'send', 'billing-test', 'go on', '--no-resume', '--yes'])
    expect(refused).toMatchObject({ code: 10, stdout: '' })
    expect(asked.some(({ name }) => name === 'resumeTask' || name === 'sendToTask')).toBe(false)
    const sent = await reeve(['tasks', 'send', 'billing-test', 'go on', '--yes'])
    expect(sent.code, sent.stderr).toBe(0)
    const names = asked.map(({ name }) => name)
    expect(names.indexOf('resumeTask')).toBeGreaterThan(-1)
    expect(names.indexOf('sendToTask')).toBeGreaterThan(names.indexOf('waitForTask'))
    expect(bodyOf('sendToTask')).toEqual({ input: 'go on' })
  })

  test('one that fails when it is resumed is told nothing', async () => {
    answers.waitForTask = () => ({ reached: 'failed', task: { ...task, status: 'error', error: 'no such image' } })
    const ran = await reeve(['tasks', 'send', 'billing-test', 'go on', '--yes'])
    expect(ran.code).toBe(10)
    expect(ran.stderr).toContain('no such image')
    expect(asked.some(({ name }) => name === 'sendToTask')).toBe(false)
  })
})

describe('logs', () => {
  const entry = (id: number, content: string, type: 'input' | 'output' = 'output'): TaskLogEvent => ({
    kind: 'entry',
    entry: { id, content, type, time: at },
  })
  const followed = (events: readonly TaskLogEvent[]) => {
    const over = Promise.withResolvers<void>()
    let connected = 0
    answers.followTaskLogs = () => {
      if (++connected === 1) return events
      over.resolve()
      return []
    }
    return reeve(['tasks', 'logs', '-f', 'billing-test', '-o', 'jsonl'], { stopWhen: over.promise })
  }

  test('an answer that grows is given once, when it is whole', async () => {
    const idle = { kind: 'status', status: 'active', current_state: { ...working(''), state: 'idle' } } as const
    const grown = [entry(0, 'Fix it', 'input'), entry(1, 'I'), entry(1, 'I found'), entry(1, 'I found it'), idle]
    const ran = await followed([...grown, entry(1, 'I found it'), entry(2, 'Thanks', 'input')])
    const lines = ran.stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).content)).toEqual(['Fix it', 'I found it', 'Thanks'])
    expect(ran.code).toBe(130)
    expect(asked.filter(({ name }) => name === 'followTaskLogs')[1]?.query).toEqual({ after: '2' })
    expect(ran.stderr).toContain('> needs input')
  })

  test('a task that is deleted ends what follows it', async () => {
    let connected = 0
    answers.followTaskLogs = () => (++connected === 1 ? [entry(0, 'Fix it', 'input')] : notFound)
    const ran = await reeve(['tasks', 'logs', '-f', 'billing-test'])
    expect(ran.code).toBe(0)
    expect(ran.stderr).toContain('the task is deleted')
  })

  test('what was kept of a paused one is said to be that', async () => {
    const ran = await reeve(['tasks', 'logs', 'billing-test', '--tz', 'UTC'])
    expect(ran.stderr).toContain('as it was kept when it was paused:')
  })
})

test('the flags of scripts from elsewhere narrow the list, and print ids alone', async () => {
  const { stdout } = await reeve(['task', 'list', '--status', 'active', '--user', 'eli', '-q'])
  expect(stdout).toBe(`${task.id}\n`)
  expect(asked[0]?.query).toMatchObject({ q: 'owner:eli status:active' })
  const made = await reeve(['task', 'create', '--template', 'agent-small', '--stdin', '-q'], { stdin: 'Do it\n' })
  expect(made.stdout).toBe(`${task.id}\n`)
})

test('a label without a value goes, and the others stay', async () => {
  task = { ...task, labels: { ci: '7', team: 'web' } }
  await reeve(['tasks', 'edit', 'billing-test', '--label', 'ci=', '--label', 'run=2'])
  expect(bodyOf('updateTask')).toEqual({ labels: { team: 'web', run: '2' } })
})

test('the browser is shown its page, and --print only says where that is', async () => {
  const opened: string[] = []
  await reeve(['tasks', 'open', 'billing-test', '--print'], { opened })
  expect(opened).toEqual([])
  const ran = await reeve(['tasks', 'open', 'billing-test'], { opened })
  expect(opened).toEqual([ran.stdout.trim()])
  expect(ran.stdout).toContain(`/tasks/${task.id}`)
})

test('a shell is opened where a task works, and a task that is paused is to be resumed first', async () => {
  expect(await reeve(['tasks', 'open', 'billing-test', '--terminal', '--print'])).toMatchObject({ code: 2, stdout: '' })
  const here = await reeve(['tasks', 'open', 'billing-test', '--terminal'])
  expect(here).toMatchObject({ code: 2, stdout: '' })
  expect(here.stderr).toContain('there is no terminal here')
  task = { ...task, status: 'paused' }
  const ran = await reeve(['tasks', 'open', 'billing-test', '--terminal'])
  expect(ran).toMatchObject({ code: 10, stdout: '' })
  expect(ran.stderr).toContain('reeve tasks resume billing-test')
})

test('every phase of a task is one word or two, and no two states are the same', () => {
  expect(new Set(taskPhases).size).toBe(taskPhases.length)
})
