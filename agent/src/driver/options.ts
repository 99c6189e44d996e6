import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Fault, type Problem } from '@reeve/base'
import type { TerminalSize } from '@reeve/sdk'
import { agentTypes, type AgentType, type Transport, usualTransport } from './agent-driver.ts'

export interface ServeTaskOptions {
  readonly type: AgentType
  readonly command: readonly string[]
  readonly transport: Transport
  /** Of the terminal, for agents that need one. */
  readonly size: TerminalSize
  readonly host: string
  readonly port: number
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly initialPrompt: string
  readonly stateFile: { readonly path: string; readonly load: boolean; readonly save: boolean } | null
  readonly pidFile: string | null
}

interface Flag {
  readonly value: string
  readonly fallback: string
  readonly says: string
}

/** Each is also read from AGENTAPI_ and its name, which is what templates set. */
const flags: Readonly<Record<string, Flag>> = {
  type: {
    value: 'kind',
    fallback: '',
    says: `the kind of agent, by default what its command is called: ${agentTypes.join(', ')}`,
  },
  transport: {
    value: 'acp|pty',
    fallback: '',
    says: 'by structured output or by the screen; acp with other agents than claude and codex: Agent Client Protocol',
  },
  host: { value: 'address', fallback: '127.0.0.1', says: 'the address to listen on' },
  port: { value: 'number', fallback: '3284', says: 'the port to listen on; 0 is a free one' },
  'allowed-hosts': {
    value: 'names',
    fallback: 'localhost,127.0.0.1,[::1]',
    says: 'Host headers that are answered; * is any',
  },
  'allowed-origins': {
    value: 'origins',
    fallback: 'http://localhost:3284,http://localhost:3000,http://localhost:3001',
    says: 'pages that may call; * is any',
  },
  'initial-prompt': { value: 'text', fallback: '', says: 'the first message, given once' },
  'state-file': { value: 'path', fallback: '', says: 'where the conversation is kept over a pause' },
  'load-state': { value: 'true|false', fallback: 'true', says: 'go on with what the state file holds' },
  'save-state': { value: 'true|false', fallback: 'true', says: 'write the state file' },
  'term-width': { value: 'columns', fallback: '80', says: 'of the terminal of an agent that is read from its screen' },
  'term-height': { value: 'rows', fallback: '1000', says: 'the same' },
  // Templates give AgentAPI this; there is no page here that it could shape.
  'chat-base-path': { value: 'path', fallback: '', says: 'taken, and of no effect' },
  'pid-file': { value: 'path', fallback: '', says: 'where to write the process id' },
}

export const helpText = `Usage: reeve agent serve [flags] -- <command of the agent>

Serves a conversation with a coding agent over HTTP, with the interface of AgentAPI. Claude Code and Codex are driven
through their structured output, Gemini CLI and opencode through the Agent Client Protocol, the others through their screen.

${Object.entries(flags)
  .map(([name, { value, says, fallback }]) => {
    const by = fallback === '' ? '' : ` (${fallback})`
    return `  ${`--${name} <${value}>`.padEnd(32)}${says}${by}`
  })
  .join('\n')}
`

/** Null when help was asked for. Says all that is wrong at once. */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ServeTaskOptions | null {
  const end = argv.indexOf('--')
  const own = end === -1 ? argv : argv.slice(0, end)
  const command = end === -1 ? [] : argv.slice(end + 1)
  const given = parsed(own)
  if (given['help'] === true) return null

  const problems: Problem[] = []
  const wrong = (name: string, detail: string): void => void problems.push({ field: `--${name}`, detail })
  const text = (name: string): string => {
    const value = given[name] ?? env[`AGENTAPI_${name.replaceAll('-', '_').toUpperCase()}`]
    return typeof value === 'string' ? value : flags[name]!.fallback
  }
  const truth = (name: string): boolean => {
    if (!['true', 'false'].includes(text(name))) wrong(name, 'expected true or false')
    return text(name) === 'true'
  }
  const list = (name: string): string[] =>
    text(name)
      .split(/[\s,]+/)
      .filter((one) => one !== '')

  if (command.length === 0) problems.push({ field: 'command', detail: 'expected the command of the agent after --' })
  const type = typeOf(text('type')) ?? (text('type') === '' ? (typeOf(programOf(command)) ?? 'custom') : undefined)
  if (type === undefined) wrong('type', `expected one of ${agentTypes.join(', ')}`)
  const usual = given['experimental-acp'] === true || env['AGENTAPI_EXPERIMENTAL_ACP'] === 'true' ? 'acp' : ''
  const wanted = text('transport') || usual || usualTransport(type ?? 'custom')
  const transport = wanted === 'acp' || wanted === 'pty' ? wanted : undefined
  if (transport === undefined) wrong('transport', 'expected acp or pty')
  const cells = (name: string, most: number): number => {
    const value = Number(text(name))
    if (!Number.isInteger(value) || value < 10 || value > most) wrong(name, `expected a number from 10 to ${most}`)
    return value
  }
  const size = { columns: cells('term-width', 1000), rows: cells('term-height', 4000) }
  const port = Number(text('port'))
  if (!Number.isInteger(port) || port < 0 || port > 65535) wrong('port', 'expected a port')
  const path = text('state-file')
  const stateFile = path === '' ? null : { path: resolve(path), load: truth('load-state'), save: truth('save-state') }
  if (type === undefined || transport === undefined || problems.length > 0) {
    throw new Fault('invalid', 'Nothing was started.', { problems })
  }
  return {
    type,
    transport,
    command,
    size,
    port,
    stateFile,
    host: text('host'),
    allowedHosts: list('allowed-hosts').map((name) => name.toLowerCase()),
    allowedOrigins: list('allowed-origins'),
    initialPrompt: text('initial-prompt'),
    pidFile: text('pid-file') === '' ? null : resolve(text('pid-file')),
  }
}

const otherNames: Readonly<Record<string, AgentType>> = { 'cursor-agent': 'cursor', q: 'amazonq' }
const typeOf = (name: string): AgentType | undefined =>
  agentTypes.find((one) => one === (Object.hasOwn(otherNames, name) ? otherNames[name] : name))
const programOf = (command: readonly string[]): string => command[0]?.split('/').at(-1) ?? ''

function parsed(args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const named = Object.fromEntries(Object.keys(flags).map((name) => [name, { type: 'string' as const }]))
  // AgentAPI's word for `--transport acp`.
  const switches = { help: { type: 'boolean', short: 'h' }, 'experimental-acp': { type: 'boolean' } } as const
  try {
    return parseArgs({ args: [...args], options: { ...named, ...switches } }).values
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new Fault('invalid', message, { cause: thrown })
  }
}
