import { Fault, type FaultCode, type Problem, toError } from '@reeve/base'
import { visibleJson, visibleLine } from './output/visible.ts'
import type { Style } from './output/style.ts'

/** How a command ends when it does not succeed: the exit code for scripts, the words for people. */
export const exitCodes: Readonly<Record<FaultCode, number>> = {
  invalid: 2,
  not_found: 3,
  unauthenticated: 4,
  forbidden: 5,
  timeout: 7,
  unavailable: 9,
  upstream: 9,
  conflict: 10,
  too_large: 1,
  limited: 1,
  internal: 1,
}

export interface Failure {
  readonly code: string
  readonly message: string
  readonly problems: readonly Problem[]
  readonly fix: string | null
  /** The command to run next. */
  readonly try: string | null
  readonly ref: string | null
  readonly exit_code: number
}

export function describeFailure(thrown: unknown, commandPath: string): Failure {
  const fault = thrown instanceof Fault ? thrown : new Fault('internal', toError(thrown).message, { cause: thrown })
  return {
    code: `E_${fault.code.toUpperCase()}`,
    message: fault.message,
    problems: fault.problems,
    fix: fault.fix ?? null,
    try: nextCommand(fault.code, commandPath),
    ref: fault.requestId ?? null,
    exit_code: exitCodes[fault.code],
  }
}

function nextCommand(code: FaultCode, commandPath: string): string | null {
  if (code === 'unauthenticated') return 'reeve login'
  if (code === 'invalid') return `reeve help ${commandPath}`.trimEnd()
  if (code === 'internal') return `reeve ${commandPath} --verbose`.replace('  ', ' ')
  return null
}

export function showFailure(failure: Failure, asJson: boolean, style: Style): string {
  if (asJson) return `${visibleJson(JSON.stringify({ error: failure }))}\n`
  const lines = [`${style.red('error:')} ${visibleLine(failure.message)}  ${style.dim(`[${failure.code}]`)}`]
  for (const { field, detail } of failure.problems) lines.push(`  ${visibleLine(field)}: ${visibleLine(detail)}`)
  if (failure.fix !== null) lines.push(`fix:   ${visibleLine(failure.fix)}`)
  if (failure.try !== null) lines.push(`try:   ${failure.try}`)
  if (failure.ref !== null) lines.push(`ref:   ${visibleLine(failure.ref)}`)
  return `${lines.join('\n')}\n`
}

/** The stack and the causes below it, for `--verbose`. */
export function showOrigin(thrown: unknown): string {
  const lines: string[] = []
  for (let at: unknown = thrown, depth = 0; at instanceof Error && depth < 8; depth++) {
    lines.push(at.stack ?? at.message)
    at = at.cause
  }
  return `${lines.map((line) => line.split('\n').map(visibleLine).join('\n')).join('\ncaused by: ')}\n`
}
