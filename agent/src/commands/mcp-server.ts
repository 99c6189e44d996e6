import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { toError } from '@reeve/base'
import { version } from '../version.ts'
import { askAgent, askBoundary, behindBoundary } from './ask-agent.ts'
import type { CommandRun } from './command-run.ts'

/**
 * `exp mcp server`: a server of the Model Context Protocol (revision 2025-06-18) over standard input and output, with the
 * tool by which a coding agent says what it does. Messages are JSON-RPC 2.0, one in a line.
 */
export async function mcpServer(run: CommandRun): Promise<number> {
  const { values } = parseArgs({
    args: [...run.argv],
    options: { 'app-status-slug': { type: 'string' } },
    strict: false,
    allowPositionals: true,
  })
  const given = values['app-status-slug']
  const slug = typeof given === 'string' ? given : (run.env['CODER_MCP_APP_STATUS_SLUG'] ?? '')
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const answer = await answerTo(line, run, slug)
    if (answer !== null) run.out(`${JSON.stringify({ jsonrpc: '2.0', ...answer })}\n`)
  }
  return 0
}

const revisions = ['2025-06-18', '2025-03-26', '2024-11-05']

type Answer = { readonly id: unknown; readonly result: object } | { readonly id: unknown; readonly error: object }

/** Null for a notification. */
async function answerTo(line: string, run: CommandRun, slug: string): Promise<Answer | null> {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    return { id: null, error: { code: -32_700, message: 'this is not JSON' } }
  }
  if (typeof message !== 'object' || message === null || !('method' in message)) {
    return { id: null, error: { code: -32_600, message: 'this is no request' } }
  }
  if (!('id' in message)) return null
  const { id, method } = message
  const params = 'params' in message && typeof message.params === 'object' ? (message.params ?? {}) : {}
  switch (method) {
    case 'initialize': {
      const wanted = 'protocolVersion' in params ? params.protocolVersion : null
      const protocolVersion = revisions.find((revision) => revision === wanted) ?? revisions[0]!
      const serverInfo = { name: 'reeve', version }
      return { id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } }
    }
    case 'ping':
      return { id, result: {} }
    case 'tools/list':
      return { id, result: { tools } }
    case 'tools/call':
      return callTool(id, params, run, slug)
    default:
      return { id, error: { code: -32_601, message: 'there is no such method' } }
  }
}

const states = ['working', 'idle', 'complete', 'failure']

const reportTool = (name: string) => ({
  name,
  description:
    'Tells the person who watches this task what you do. Call it when you begin a step, when you need something of ' +
    'them (idle), when the task is done (complete), and when it cannot be done (failure).',
  inputSchema: {
    type: 'object',
    properties: {
      summary: { type: 'string', description: 'What you do, in at most 160 characters.' },
      link: { type: 'string', description: 'An address with more about it, such as a pull request; or empty.' },
      state: { type: 'string', enum: states, description: 'How the task stands.' },
    },
    required: ['summary', 'state'],
  },
})
const toolNames = ['coder_report_task', 'reeve_report_task']
const tools = toolNames.map(reportTool)

async function callTool(id: unknown, params: object, { env }: CommandRun, slug: string): Promise<Answer> {
  const name = 'name' in params ? params.name : null
  if (!toolNames.some((known) => known === name)) return { id, error: { code: -32_602, message: 'no such tool' } }
  const given = 'arguments' in params && typeof params.arguments === 'object' ? (params.arguments ?? {}) : {}
  // SAFETY: an object, whose members are looked at here.
  const { summary, link, state } = given as Partial<Record<string, unknown>>
  if (typeof summary !== 'string' || !states.some((known) => known === state)) {
    return said(id, `summary has to be a text, and state one of ${states.join(', ')}`, true)
  }
  if ([...summary].length > 160) return said(id, 'summary is longer than 160 characters', true)
  const uri = typeof link === 'string' ? link : ''
  try {
    const body = { state, message: summary, uri }
    // A boundary knows the app of whom it holds.
    if (behindBoundary(env)) await askBoundary(env, { method: 'POST', path: '/app-status', body })
    else await askAgent(env, 'POST', '/app-status', { body: { ...(slug === '' ? {} : { app_slug: slug }), ...body } })
    return said(id, 'Thank you: it is told.', false)
  } catch (thrown) {
    return said(id, `It could not be told: ${toError(thrown).message}`, true)
  }
}

const said = (id: unknown, text: string, isError: boolean): Answer => ({
  id,
  result: { content: [{ type: 'text', text }], isError },
})
