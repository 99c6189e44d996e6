import { globSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveAgent } from '../support/agent-serve.ts'
import { installAgents } from '../support/agents.ts'
import { configureGemini } from '../support/gemini.ts'
import { eventStream } from '../support/replies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type SeenRequest, startUpstream, type Step, type Upstream } from '../support/upstream.ts'

/** The real Gemini CLI in both ways: as it speaks to programs, and as a person sees it, for agents that have only that. */

let bin: string
let upstream: Upstream
beforeAll(async () => {
  bin = (await installAgents()).bin
  upstream = await startUpstream(answers)
})
afterAll(() => upstream?.[Symbol.asyncDispose]())

/** Prompts with `make` lead to a command and an answer, others to what the model has read. */
function answers(request: SeenRequest): readonly Step[] {
  const body = request.body.toString()
  const { contents } = JSON.parse(body)
  const last = JSON.stringify(contents.at(-1))
  if (last.includes('functionResponse')) return says([{ text: 'The file ' }, { text: 'is there.' }])
  if (!last.includes('please make')) return says([{ text: `Knows of a file: ${body.includes('please make')}` }])
  const args = { command: 'echo made > marker; cat marker', description: 'Make a file' }
  return says([{ text: 'I make it.' }, { functionCall: { name: 'run_shell_command', args } }])
}

function says(parts: readonly object[]): readonly Step[] {
  const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 5, totalTokenCount: 10 }
  const candidates = [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }]
  const answer = { candidates, modelVersion: 'gemini-2.5-pro-002', responseId: 'g-1', usageMetadata }
  return eventStream([`data: ${JSON.stringify(answer)}\r\n\r\n`])
}

function serve(home: string, transport: 'acp' | 'pty', ...prompt: readonly string[]): Promise<Served> {
  configureGemini(home)
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    GEMINI_API_KEY: 'AIzaSyScripted-0000000000000000000000000',
    GOOGLE_GEMINI_BASE_URL: upstream.url,
    GEMINI_CLI_NO_RELAUNCH: '1',
  }
  const gemini = [process.execPath, join(bin, 'gemini.js'), '--yolo', '--skip-trust', '-m', 'gemini-2.5-pro']
  const own = ['--type', 'gemini', '--transport', transport, ...prompt]
  return serveAgent({ words: [...own, '--', ...gemini], home, env })
}

/** It names what it keeps by the minute, and in the minute of its beginning a conversation is overwritten, not loaded. */
function letTimePass(home: string): void {
  const stored = globSync('.gemini/tmp/*/chats/session-*.jsonl', { cwd: home })
  for (const path of stored)
    renameSync(join(home, path), join(home, path.replace(/session-[\dT-]{16}/, 'session-2026-01-01T00-00')))
}

/** A screen may stand still for once while the agent works: what was said is waited for as well. */
const hears = async (served: Served, words: string): Promise<void> =>
  await expect.poll(async () => (await served.get('/messages')).messages.at(-1)?.content).toContain(words)

test('by its protocol it works with a tool, and goes on with the conversation after its process was killed', async () => {
  using home = temporaryFolder()
  await using served = await serve(home.path, 'acp', '--initial-prompt', 'please make a file')
  await hears(served, 'is there.')
  const first = ['user: please make a file', 'agent: I make it.\n\nThe file is there.']
  expect(await served.settled()).toEqual(first)
  expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
  expect(await served.get('/status')).toEqual({ status: 'stable', agent_type: 'gemini', transport: 'acp' })

  expect((await served.send('what do you know')).status).toBe(200)
  const second = ['user: what do you know', 'agent: Knows of a file: true']
  expect(await served.settled()).toEqual([...first, ...second])

  letTimePass(home.path)
  const before = served.agentPid()
  process.kill(before, 'SIGKILL')
  await expect.poll(async () => (await served.get('/status')).status).toBe('running')
  expect(await served.settled()).toEqual([...first, ...second])
  expect(served.agentPid()).not.toBe(before)
  await served.send('and now')
  await hears(served, 'Knows of a file: true')
  expect((await served.settled()).slice(4, 5)).toEqual(['user: and now'])
}, 180_000)

test('by its screen it works with a tool, and is asked a second thing', async () => {
  using home = temporaryFolder()
  await using served = await serve(home.path, 'pty')
  // It shows where to type some time before it listens.
  await expect.poll(served.screen).toContain('Tips for getting started')
  expect(await served.settled()).toEqual([])
  await served.send('please make a file')
  await hears(served, 'is there.')
  const [prompt, answer, ...more] = await served.settled()
  expect([prompt, more]).toEqual(['user: please make a file', []])
  expect(answer).toMatch(/^agent: ✦ I make it\.\n\n╭─+╮\n│ ✓ {2}Shell echo made > marker; cat marker +│\n/)
  expect(answer).toMatch(/✦ The file is there\.$/)
  expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
  expect(await served.get('/status')).toEqual({ status: 'stable', agent_type: 'gemini', transport: 'pty' })

  expect(await (await served.send('what do you know\nof this?')).json()).toEqual({ ok: true })
  await hears(served, 'Knows of a file')
  expect((await served.settled()).slice(2)).toEqual([
    'user: what do you know\nof this?',
    'agent: ✦ Knows of a file: true',
  ])
}, 180_000)
