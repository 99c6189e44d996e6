import type { Reason } from '@reeve/policy'

/** What is told to whoever was denied. Fixed sentences and tokens that were checked: nothing here is somebody's free text. */
export interface DenialFacts {
  readonly method: string | null
  readonly host: string
  readonly denial: string
  /** The layer that decided: `team-web@v14`. */
  readonly policy: string
  readonly reason: Reason
  /** The rule's own token. */
  readonly hint: string | null
  readonly canRequest: boolean
  /** A person was asked and has not answered yet. */
  readonly pending?: boolean
}

/** What is told where nothing was denied and something else went wrong. */
export interface FailureFacts {
  readonly method: string | null
  readonly host: string
  /** A token: `certificate-expired`, `connection-refused`. */
  readonly reason: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** No status among them is one that clients try again by themselves. */
export const statusOf = (reason: Reason): number =>
  reason === 'too-large' ? 413 : reason === 'name-mismatch' ? 421 : reason === 'not-canonical' ? 400 : 403

export function denialAnswer(facts: DenialFacts, accept: string | undefined): Answer {
  const kind = facts.pending === true ? 'approval-pending' : 'policy'
  return answer(statusOf(facts.reason), accept, kind, facts.denial, {
    type: `urn:reeve:denied:${kind}`,
    ...said[kind],
    method: facts.method,
    host: facts.host,
    denial: facts.denial,
    policy: facts.policy,
    reason: facts.reason,
    ...(facts.hint === null ? {} : { hint: facts.hint }),
    can_request: facts.canRequest,
    help: `A person can run: reeve explain ${facts.denial}`,
  })
}

const said = {
  policy: {
    title: 'Denied by network policy',
    detail: 'This is a policy decision, not a network fault. Retrying will not change it.',
  },
  'approval-pending': {
    title: 'Waiting for approval',
    detail:
      'The policy asks a person about this request, and nobody has answered yet. The same request is let through once it is ' +
      'approved, under Access requests in the console or with: reeve access list',
  },
} as const

export function failureAnswer(facts: FailureFacts, accept: string | undefined): Answer {
  return answer(502, accept, 'upstream', null, {
    type: 'urn:reeve:failed:upstream',
    title: 'The destination could not be reached safely',
    detail: 'The policy allows this request; the server behind it failed.',
    method: facts.method,
    host: facts.host,
    reason: facts.reason,
  })
}

type Fields = Readonly<Record<string, string | boolean | null>>

function answer(
  status: number,
  accept: string | undefined,
  kind: string,
  denial: string | null,
  fields: Fields,
): Answer {
  const json = takesJson(accept)
  const body = json ? `${JSON.stringify(fields)}\n` : asText(fields)
  return {
    status,
    headers: {
      'content-type': json ? 'application/problem+json' : 'text/plain; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(denial === null ? {} : { 'x-reeve-denial': denial }),
      'x-reeve-class': kind,
    },
    body,
  }
}

/** Who names no type or takes any gets JSON; a browser prefers to read. */
function takesJson(accept: string | undefined): boolean {
  if (accept === undefined || /[/+]json\b/i.test(accept)) return true
  return !/\btext\/(html|plain)\b/i.test(accept) && /\*\/\*|\bapplication\/\*/.test(accept)
}

function asText({ title, detail, ...rest }: Fields): string {
  const lines = Object.entries(rest)
    .filter(([name]) => name !== 'type')
    .map(([name, value]) => `${name}: ${value ?? ''}`)
  return [String(title), String(detail), '', ...lines, ''].join('\n')
}
