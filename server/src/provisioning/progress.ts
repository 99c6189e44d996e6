import { type Diagnostic, printDiagnostic, readDiagnostic } from './diagnostic.ts'
import type { LogLine, Timing } from './run.ts'

/** What one line of Terraform's `-json` output says to us. */
export interface Progress {
  readonly lines: readonly { readonly level: LogLine['level']; readonly text: string }[]
  readonly diagnostic: Diagnostic | null
  readonly timing: Timing | null
  /** Something was made, changed or removed: the state is another one now. */
  readonly hasChanged: boolean
}

/** The ends of what `…_start` begins. */
const ends: Readonly<Record<string, string>> = {
  apply_complete: 'apply',
  apply_errored: 'apply',
  refresh_complete: 'refresh',
  provision_complete: 'provision',
  provision_errored: 'provision',
}

/** Said at the beginning or end of each run, and known from elsewhere. */
const leftOut = new Set(['version', 'outputs'])

/** An apply begins with the plan that was printed before. */
const isRepeated = (stage: string, type: string) => stage === 'apply' && type === 'planned_change'

/** Reads the output of one command of Terraform's, line after line; keeps when what began. */
export function progressReader(stage: string): (line: string) => Progress {
  const begun = new Map<string, Date>()
  return (line) => {
    const message = parsed(line)
    if (message === null)
      return { lines: [{ level: 'info', text: line }], diagnostic: null, timing: null, hasChanged: false }
    const type = String(message.type)
    if (type === 'diagnostic') {
      const diagnostic = readDiagnostic(message.diagnostic)
      const level = diagnostic.severity === 'error' ? 'error' : 'warn'
      return {
        lines: printDiagnostic(diagnostic).map((text) => ({ level, text })),
        diagnostic,
        timing: null,
        hasChanged: false,
      }
    }
    const said = typeof message['@message'] === 'string' ? message['@message'] : ''
    const lines =
      said === '' || leftOut.has(type) || isRepeated(stage, type)
        ? []
        : said.split('\n').map((text) => ({ level: levelOf(message), text }))
    return {
      lines,
      diagnostic: null,
      timing: time(stage, type, message, begun),
      hasChanged: /^apply_(complete|errored)$/.test(type),
    }
  }
}

function time(stage: string, type: string, message: Record<string, unknown>, begun: Map<string, Date>): Timing | null {
  const { resource, action } = Object(message['hook'])
  const { addr, implied_provider: provider } = Object(resource)
  const at = new Date(String(message['@timestamp']))
  if (typeof addr !== 'string' || Number.isNaN(at.getTime())) return null
  if (type.endsWith('_start')) {
    begun.set(`${type.slice(0, -'_start'.length)} ${addr}`, at)
    return null
  }
  const kind = ends[type]
  const startedAt = kind === undefined ? undefined : begun.get(`${kind} ${addr}`)
  if (kind === undefined || startedAt === undefined) return null
  begun.delete(`${kind} ${addr}`)
  const what = typeof action === 'string' ? action : kind
  return {
    stage,
    resource: addr,
    action: what,
    source: typeof provider === 'string' ? provider : '',
    startedAt,
    endedAt: at,
  }
}

function levelOf(message: Record<string, unknown>): LogLine['level'] {
  const level = message['@level']
  return level === 'debug' || level === 'warn' || level === 'error' ? level : 'info'
}

function parsed(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    // SAFETY: it begins with a brace, so it is an object; each field is looked at where it is used.
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}
