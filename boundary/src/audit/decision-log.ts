import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '@reeve/base'
import type { BoundaryEvent } from './event.ts'

/**
 * The log of decisions for whoever reads files of the machine: `--log-dir`, one line of `name=value` pairs for each, with
 * the names that Coder's boundary and its control plane use for the same things (`decision`, `http_method`, `http_url`,
 * `event_time`, `matched_rule`), and ours beside them. As there, level `warn` has the denials only.
 */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface DecisionLog extends AsyncDisposable {
  readonly path: string
  write(event: BoundaryEvent): void
}

export function openDecisionLog(options: {
  readonly directory: string
  readonly level: LogLevel
  readonly pid: number
  readonly now: Date
  readonly log: Log
}): DecisionLog {
  const { directory, level, pid, now, log } = options
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  const instant = now.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-')
  const path = join(directory, `boundary-${instant}-${pid}.log`)
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  stream.on('error', (error) => log.warn({ path, error: error.message }, 'the log of decisions cannot be written'))
  return {
    path,
    write(event) {
      if (isShown(event, level)) stream.write(`${decisionLine(event)}\n`)
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => stream.end(() => resolve())),
  }
}

function isShown({ kind, decision }: BoundaryEvent, level: LogLevel): boolean {
  if (level === 'error') return false
  if (decision === 'deny' || kind === 'tamper' || kind === 'gap') return true
  return level !== 'warn'
}

export function decisionLine(event: BoundaryEvent): string {
  const { kind, decision, net, dns, file, exec, process, policy } = event
  const acts = net !== null || dns !== null || file !== null || exec !== null || kind === 'call'
  const denied = decision === 'deny'
  return pairs({
    time: event.time,
    level: denied || kind === 'tamper' || kind === 'gap' ? 'WARN' : 'INFO',
    msg: acts ? (denied ? 'DENY' : 'ALLOW') : kind,
    decision,
    event_time: event.time,
    http_method: net?.method,
    http_url: net?.url,
    matched_rule: acts && !denied ? event.rule : null,
    kind,
    host: net?.host ?? dns?.name,
    port: net?.port,
    path: file?.path ?? exec?.path,
    call: kind === 'call' ? event.facts?.['call'] : null,
    argv: exec === null ? null : exec.argv.join(' '),
    rule: event.rule,
    reason: event.reason,
    would: event.would === decision ? null : event.would,
    denial: event.denial,
    process: process?.exe,
    pid: process?.pid,
    tree: process?.tree.join('>'),
    policy: policy === null ? null : `${policy.name}@v${policy.version}`,
    tier: event.tier,
    session_id: event.session,
    sequence_number: event.seq,
    ...(acts ? {} : event.facts),
  })
}

function pairs(facts: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  return Object.entries(facts)
    .flatMap(([name, value]) => (value === null || value === undefined ? [] : [`${name}=${quoted(String(value))}`]))
    .join(' ')
}

const quoted = (value: string): string => (/^[^\s"=]+$/.test(value) ? value : JSON.stringify(value))
