/** A complaint of Terraform's, with where in the template it came from. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly summary: string
  readonly detail: string
  /** Of the resource or data source, where it is about one. */
  readonly address: string | null
  /** Below the template's folder. */
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
  /** The lines of the template, and below them what the names in them stood for. */
  readonly snippet: string | null
}

export type FailureCode = 'REQUIRED_TEMPLATE_VARIABLES' | 'INSUFFICIENT_QUOTA' | 'CANCELED' | 'TERRAFORM_MISSING'

/** Why a run did not get to its end; both texts are for whoever started it. */
export interface Failure {
  readonly message: string
  readonly diagnostics: readonly Diagnostic[]
  readonly code: FailureCode | null
}

export const failure = (message: string, code: FailureCode | null = null): Failure => ({
  message,
  diagnostics: [],
  code,
})

/** An element of `diagnostic` messages, as `-json` prints them; hostile, for template and providers word it. */
export function readDiagnostic(json: unknown): Diagnostic {
  const { severity, summary, detail, address, range, snippet } = Object(json)
  const start = Object(Object(range).start)
  return {
    severity: severity === 'warning' ? 'warning' : 'error',
    summary: text(summary) ?? 'Terraform does not say what is wrong',
    detail: text(detail) ?? '',
    address: text(address) ?? null,
    file: text(Object(range).filename) ?? null,
    line: whole(start.line),
    column: whole(start.column),
    snippet: readSnippet(snippet),
  }
}

/** One element as lines of a log: what is wrong, where, the lines of the template, and what to do. */
export function printDiagnostic(diagnostic: Diagnostic): string[] {
  const { severity, summary, detail, address, file, line, snippet } = diagnostic
  const lines = [`${severity === 'error' ? 'Error' : 'Warning'}: ${summary}`]
  if (file !== null)
    lines.push(`  on ${file}${line === null ? '' : ` line ${line}`}${address === null ? '' : `, in ${address}`}:`)
  else if (address !== null) lines.push(`  in ${address}:`)
  if (snippet !== null) lines.push(...snippet.split('\n').map((one) => `    ${one}`))
  if (detail !== '') lines.push(...detail.split('\n').map((one) => `  ${one}`))
  return lines
}

function readSnippet(json: unknown): string | null {
  const { code, values } = Object(json)
  const lines = text(code)
  if (lines === undefined) return null
  const known = Array.isArray(values)
    ? values.flatMap((value: unknown) => {
        const { traversal, statement } = Object(value)
        return typeof traversal === 'string' && typeof statement === 'string' ? [`${traversal} ${statement}`] : []
      })
    : []
  return [lines, ...known].join('\n')
}

const charsMax = 20_000

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, charsMax) : undefined
}

function whole(value: unknown): number | null {
  return Number.isSafeInteger(value) ? Number(value) : null
}
