import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { freePort } from '../support/free-port.ts'
import { bootTaskMachine, taskTemplate } from '../support/task-machine.ts'
import { workshop } from '../support/workshop.ts'
import { type Machine } from '../support/workspace-machine.ts'

/**
 * A task through the whole product, from the command line: the real Terraform builds its workspace, the workspace's agent
 * runs Claude Code behind AgentAPI, which asks the scripted provider through the gateway.
 */

let agents: string
const shop = workshop('tasks', {
  async prepare() {
    agents = (await installAgents()).bin
    return {}
  },
  async ready({ push }) {
    await push('agent-small', taskTemplate(await freePort()))
  },
})
const { reeve } = shop
const machines: Machine[] = []
afterEach(() => {
  for (const machine of machines.splice(0)) machine.kill()
})

/** What the command answers as JSON. */
async function answerOf(...argv: string[]) {
  const ran = await reeve(...argv, '-o', 'json')
  expect(ran.code, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout)
}

/** In place of a container: boots with what the build of this number gave its machine. */
async function bootTask(name: string, build: number): Promise<Machine> {
  const { id } = await answerOf('tasks', 'status', name)
  const machine = await bootTaskMachine(shop.server, { id, build, home: join(shop.folder, name), agents })
  machines.push(machine)
  return machine
}

const said = async (name: string): Promise<string[]> =>
  (await answerOf('tasks', 'logs', name)).map(({ type }: { type: string }) => type)

test('created, followed, told, paused, resumed by a message, and deleted', { timeout: 240_000 }, async () => {
  const words = ['tasks', 'create', '-t', 'agent-small', '--name', 'hello', 'Say hello', '--idempotency-key', 'k1']
  const made = await answerOf(...words, '--label', 'ci=7')
  expect((await answerOf(...words, '--label', 'ci=7')).id).toBe(made.id)
  expect((await reeve(...words)).code).toBe(10)
  await bootTask('hello', 1)

  const waited = await reeve('tasks', 'wait', 'hello', '--until', 'done,idle', '--timeout', '90s', '-o', 'json')
  expect(waited.code, waited.stderr).toBe(0)
  expect(JSON.parse(waited.stdout)).toMatchObject({ name: 'hello', outcome: 'needs input' })
  expect(await said('hello')).toEqual(['input', 'output'])

  expect((await reeve('tasks', 'send', 'hello', 'And once more')).code).toBe(0)
  await expect.poll(() => said('hello')).toEqual(['input', 'output', 'input', 'output'])
  expect((await reeve('tasks', 'wait', 'hello', '--until', 'idle', '--timeout', '60s')).code).toBe(0)

  const paused = await reeve('tasks', 'pause', 'hello')
  expect(paused.code, paused.stderr).toBe(0)
  expect(await machines[0]?.ended).toBe(0)
  const kept = await reeve('tasks', 'logs', 'hello')
  expect(kept.stderr).toContain('as it was kept when it was paused')
  expect(kept.stdout).toContain('And once more')
  expect((await reeve('tasks', 'send', 'hello', 'more', '--no-resume')).code).toBe(10)

  const sent = reeve('tasks', 'send', 'hello', 'And at last', '--yes', '--timeout', '90s')
  await bootTask('hello', 3)
  const { code, stderr } = await sent
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('counts 1 Agent Workspace Build (1 of')
  await expect.poll(async () => (await reeve('tasks', 'logs', 'hello')).stdout).toContain('And at last')

  expect(await answerOf('tasks', 'status', 'hello')).toMatchObject({ builds_counted: 2, labels: { ci: '7' } })
  expect(await answerOf('licenses', 'builds')).toMatchObject([
    { task: { name: 'hello' }, trigger: 'resume' },
    { task: { name: 'hello' }, trigger: 'create' },
  ])
  expect((await reeve('tasks', 'delete', 'hello', '--yes')).code).toBe(0)
  // With the workspace its agent ends, and everything that it started.
  expect(await machines.at(-1)?.ended).toBe(0)
  expect(await answerOf('tasks', 'list')).toEqual([])
  expect((await reeve('tasks', 'status', 'hello')).code).toBe(3)
})

test('a template that has no agent for tasks is refused by the name of what it lacks', async () => {
  mkdirSync(join(shop.folder, 'bare'))
  writeFileSync(join(shop.folder, 'bare', 'main.tf'), 'resource "terraform_data" "x" {}\n')
  expect((await reeve('templates', 'push', 'bare')).code).toBe(0)
  const ran = await reeve('tasks', 'create', '-t', 'bare', 'Say hello')
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toContain('coder_ai_task')
})
