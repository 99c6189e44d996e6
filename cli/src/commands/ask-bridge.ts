import { type FaultCode, toError } from '@reeve/base'
import { faultFromNetwork } from '@reeve/sdk'
import { version } from '../version.ts'

/** What the bridge says to a credential, in the words that a person needs. */
export interface Verdict {
  readonly ok: boolean
  readonly code: FaultCode | 'ok'
  readonly message: string
  readonly fix: string
}

const verdict = (code: FaultCode | 'ok', message: string, fix = ''): Verdict => ({
  ok: code === 'ok',
  code,
  message,
  fix,
})

/**
 * Asks as an agent would: same address, same credential, the smallest question there is, which is the list of models.
 * Never throws but for the caller's own stop.
 */
export async function askBridge(
  baseUrl: string,
  token: string,
  signal: AbortSignal,
  { agent, models } = { agent: 'claude', models: '/v1/models?limit=1' },
): Promise<Verdict> {
  let response: Response
  let text: string
  try {
    response = await fetch(`${baseUrl.replace(/\/+$/, '')}${models}`, {
      headers: {
        authorization: `Bearer ${token}`,
        'anthropic-version': '2023-06-01',
        'user-agent': `reeve-cli/${version}`,
      },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    })
    text = (await response.text()).slice(0, 64 * 1024)
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    const error = toError(thrown)
    if (error.name === 'TimeoutError')
      return verdict('timeout', 'the bridge or its provider did not answer within 30 s')
    return verdict(
      'unavailable',
      faultFromNetwork(error, baseUrl).message,
      'is the server running, and is the address right?',
    )
  }
  const said = errorMessage(text)
  const fromReeve = response.headers.has('x-reeve-interception-id') || said !== null
  if (response.ok) {
    if (isJson(text)) return verdict('ok', 'the bridge and its provider answer')
    return verdict(
      'upstream',
      'something answered that is not Reeve',
      'check the address; a proxy or a sign-in page may stand in front of it',
    )
  }
  if (response.status === 401)
    return verdict(
      'unauthenticated',
      said ?? 'the token is not accepted',
      `the token is unknown, revoked or expired: reeve connect ${agent} makes a new one`,
    )
  if (response.status === 403)
    return verdict('forbidden', said ?? 'the token may not call models', 'use a token with the scope gateway or all')
  if (response.status === 404 && isReeveItself(response))
    return verdict('ok', 'the bridge answers; this provider does not list its models')
  if (response.status === 404)
    return verdict('not_found', said ?? 'there is no such provider at that address', 'reeve status shows the providers')
  if (!fromReeve)
    return verdict(
      'upstream',
      `something answered with status ${response.status} that is not Reeve`,
      'check the address',
    )
  return verdict(
    'upstream',
    said ?? `the bridge answered with status ${response.status}`,
    'reeve status shows the state of the providers',
  )
}

/** Whether Reeve took the request, token and all, and answered it without the provider: the ids are both its own. */
function isReeveItself({ headers }: Response): boolean {
  const id = headers.get('x-reeve-interception-id')
  return id !== null && headers.get('request-id') === id
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Of an error in Anthropic's shape, or of the management API's. */
function errorMessage(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    const inner = typeof value === 'object' && value !== null && 'error' in value ? value.error : value
    return typeof inner === 'object' && inner !== null && 'message' in inner && typeof inner.message === 'string'
      ? inner.message
      : null
  } catch {
    return null
  }
}
