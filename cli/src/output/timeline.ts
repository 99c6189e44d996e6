import {
  type Interception,
  type PolicyDecision,
  type Session,
  type TimelineEvent,
  type TokenUsageSummary,
} from '@reeve/sdk'
import { longInstant } from '../instants.ts'
import type { Screen } from './answer.ts'
import { toneOf } from './fields.ts'
import type { Style } from './style.ts'
import { visibleLine, visibleText } from './visible.ts'

/** The timeline of a session in a terminal: when, which lane, what, and below it the text, made harmless. */

/** On a terminal a text longer than this is cut, unless everything was asked for. */
const linesMax = 20
const indent = ' '.repeat(23)

const laneTones: Readonly<Record<TimelineEvent['lane'], keyof Style>> = {
  human: 'green',
  model: 'blue',
  thinking: 'magenta',
  tools: 'yellow',
  system: 'dim',
}

export function timelineEvent(
  event: TimelineEvent,
  screen: Screen,
  full: boolean,
  time = offset(event.offset_ms),
): string {
  const { style } = screen
  const lane = style[laneTones[event.lane]](event.lane.padEnd(8))
  const agent = event.agent_id === null ? '' : style.dim(` (sub-agent ${visibleLine(event.agent_id)})`)
  const head = `${style.dim(time.padStart(12))}  ${lane} ${headline(event, style, full)}${agent}\n`
  // What the client program puts in is long and says little; a person who wants it asks for everything.
  if (!full && event.kind === 'context') return head
  return head + body(event, style, !full && screen.width !== null)
}

function headline(event: TimelineEvent, style: Style, full: boolean): string {
  const tool = visibleLine(event.tool_name ?? 'unknown tool')
  const call = event.tool_call_id === null ? '' : style.dim(` ${visibleLine(event.tool_call_id)}`)
  switch (event.kind) {
    case 'request':
      return `request to ${visibleLine(event.model ?? 'a model')}`
    case 'prompt':
      return style.bold(event.origin === 'human' ? 'prompt' : `prompt (written by the ${event.origin})`)
    case 'context':
      return `context put in by the ${event.origin}, ${event.text_bytes} bytes${full ? '' : style.dim(' (--full shows it)')}`
    case 'thinking':
      return 'thinking'
    case 'text':
      return 'answer'
    case 'tool_call':
      return `tool call ${style.bold(tool)}${call}${event.denied_by === null ? '' : style.red(` (denied by ${visibleLine(event.denied_by)})`)}`
    case 'tool_result':
      return `tool result${event.tool_name === null ? '' : ` ${tool}`}${event.is_error ? style.red(' (error)') : ''}${call}`
    case 'error':
      return style.red('error')
    case 'end':
      return ended(event, style)
  }
}

function ended(event: TimelineEvent, style: Style): string {
  const outcome = event.outcome ?? 'live'
  const tone = toneOf(outcome)
  const facts = [
    tone === null ? outcome : style[tone](outcome),
    event.stop_reason === null ? '' : visibleLine(event.stop_reason),
    event.token_usage === null ? '' : tokens(event.token_usage),
    event.duration_ms === null ? '' : lengthOf(event.duration_ms),
  ]
  return `end: ${facts.filter((fact) => fact !== '').join(', ')}`
}

/** What stands in place of the words of somebody else. */
export const withheld = '(withheld)'
const whyWithheld = '(another person’s words: withheld, they need the permission interception_content:read)'

/** What stands in place of words that are too old. */
export const removedOn = (at: string): string => `(content removed by retention on ${at.slice(0, 10)})`

/** In a column of words, where there are none. */
export function absent(row: {
  readonly content_withheld: boolean
  readonly content_removed_at: string | null
}): string {
  if (row.content_removed_at !== null) return removedOn(row.content_removed_at)
  return row.content_withheld ? withheld : ''
}

function body(event: TimelineEvent, style: Style, cut: boolean): string {
  if (event.kind === 'request' && event.content_removed_at !== null) {
    return `${indent}${style.dim(removedOn(event.content_removed_at))}\n`
  }
  if (event.content_withheld) return `${indent}${style.dim(`${withheld} ${event.text_bytes} bytes`)}\n`
  if (event.not_captured) return `${indent}${style.dim('(the capture level kept the content out)')}\n`
  if (event.text === null || event.text === '') return ''
  const lines = visibleText(event.text).replace(/\n+$/, '').split('\n')
  const shown = cut && lines.length > linesMax ? lines.slice(0, linesMax) : lines
  const notes = [
    shown.length < lines.length ? `${lines.length - shown.length} more lines: --full` : '',
    event.truncated
      ? `the beginning of ${event.text_bytes} bytes; all: reeve bridge requests show ${event.interception_id} --body ${sideOf(event)}`
      : '',
  ].filter((note) => note !== '')
  return [...shown, ...notes.map((note) => style.dim(`(${note})`))].map((line) => `${indent}${line}\n`).join('')
}

/** In which of the two bodies the whole text stands. */
function sideOf({ kind }: TimelineEvent): 'request' | 'response' {
  return kind === 'prompt' || kind === 'context' || kind === 'tool_result' || kind === 'request'
    ? 'request'
    : 'response'
}

export function sessionHeader(session: Omit<Session, 'threads'>, screen: Screen): string {
  const { style } = screen
  const line = (name: string, value: string) => (value === '' ? '' : `${style.dim(name.padEnd(9))} ${value}\n`)
  const client = `${session.client} ${session.client_version ?? ''}`.trim()
  const tone = toneOf(session.status)
  return (
    line('session', style.bold(visibleLine(session.id))) +
    line('who', visibleLine(session.initiator.username)) +
    line(
      'when',
      `${longInstant(session.started_at, screen.timeZone)}${lasted(session.started_at, session.ended_at ?? session.last_active_at)}`,
    ) +
    line('client', visibleLine(client)) +
    line('models', visibleLine(session.models.join(', '))) +
    line('status', tone === null ? session.status : style[tone](session.status)) +
    line('counts', counts(session)) +
    line('tokens', tokens(session.token_usage_summary)) +
    line('words', session.content_withheld ? whyWithheld : '') +
    line('content', session.content_removed_at === null ? '' : removedOn(session.content_removed_at)) +
    '\n'
  )
}

export function requestHeader(request: Interception, screen: Screen): string {
  const { style } = screen
  const line = (name: string, value: string | null) =>
    value === null || value === '' ? '' : `${style.dim(name.padEnd(9))} ${value}\n`
  const client = `${request.client} ${request.client_version ?? ''}`.trim()
  const tone = toneOf(request.outcome)
  const timing = [
    request.duration_ms === null ? '' : `${request.duration_ms.toFixed(0)} ms`,
    request.time_to_first_byte_ms === null ? '' : `first byte after ${request.time_to_first_byte_ms.toFixed(0)} ms`,
    request.gateway_ms === null ? '' : `${request.gateway_ms.toFixed(1)} ms of it in Reeve`,
  ].filter((fact) => fact !== '')
  return (
    line('request', style.bold(visibleLine(request.id))) +
    line('session', visibleLine(request.session_id)) +
    line('who', `${visibleLine(request.initiator.username)}, key ${visibleLine(request.api_key_id)}`) +
    line('when', longInstant(request.started_at, screen.timeZone)) +
    line('client', visibleLine(client)) +
    line('model', `${visibleLine(request.model)} at ${visibleLine(request.provider_name)}`) +
    line(
      'outcome',
      `${tone === null ? request.outcome : style[tone](request.outcome)}${request.status_code === null ? '' : `, status ${request.status_code}`}`,
    ) +
    line(
      'error',
      request.error_message === null
        ? null
        : visibleLine(`${request.error_type ?? ''} ${request.error_message}`.trim()),
    ) +
    request.decisions.map((decision) => line('policy', decided(decision))).join('') +
    line('time', timing.join(', ')) +
    line('bytes', `${request.request_bytes} up, ${request.response_bytes} down`) +
    line('sent', request.sent === null ? null : `${request.sent.bytes} bytes at ${visibleLine(request.sent.path)}`) +
    line(
      'tokens',
      `${tokens(request.token_usage)}${request.token_usage.source === 'provider' ? '' : ` (${request.token_usage.source})`}`,
    ) +
    line('masked', request.masked === 0 ? null : `${request.masked} ${request.masked === 1 ? 'secret' : 'secrets'}`) +
    line('words', request.content_withheld ? whyWithheld : null) +
    line('content', request.content_removed_at === null ? null : removedOn(request.content_removed_at)) +
    line('tools', request.tool_names === null ? null : visibleLine(request.tool_names.join(', '))) +
    '\n'
  )
}

function decided({ subject, name, allowed, rule }: PolicyDecision): string {
  const what = `${subject === 'model' ? 'model' : 'tool'} ${visibleLine(name)}`
  return allowed ? `${what} allowed` : `${what} denied by ${visibleLine(rule ?? 'a rule')}`
}

function counts(session: Omit<Session, 'threads'>): string {
  const some = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
  const agents = session.agents === 0 ? [] : [some(session.agents, 'sub-agent')]
  return [some(session.requests, 'request'), some(session.tool_calls, 'tool call'), ...agents].join(', ')
}

function tokens(usage: TokenUsageSummary): string {
  const parts: readonly (readonly [number, string])[] = [
    [usage.input_tokens, 'input'],
    [usage.cache_read_input_tokens, 'cache read'],
    [usage.cache_write_input_tokens, 'cache write'],
    [usage.output_tokens, usage.reasoning_tokens > 0 ? `output (${usage.reasoning_tokens} of it thought)` : 'output'],
  ]
  const told = parts.filter(([count, name]) => count > 0 || name === 'input' || name === 'output')
  return `${told.map(([count, name]) => `${count} ${name}`).join(', ')} tokens`
}

function lasted(from: string, to: string): string {
  const ms = new Date(to).getTime() - new Date(from).getTime()
  return ms > 0 ? `, for ${lengthOf(ms)}` : ''
}

/** `812 ms`, `12.3 s`, `4:05` minutes */
function lengthOf(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : offset(Math.round(ms / 1000) * 1000)
        .slice(1)
        .replace(/\.000$/, '')
}

/** `+0.812s`, `+1:02.345`, `+1:02:03` */
export function offset(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  const seconds = (whole % 60_000) / 1000
  if (whole < 60_000) return `+${seconds.toFixed(3)}s`
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.floor(whole / 60_000)
  if (minutes < 60) return `+${minutes}:${seconds.toFixed(3).padStart(6, '0')}`
  return `+${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(Math.floor(seconds))}`
}
