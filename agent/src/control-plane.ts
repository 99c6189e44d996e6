import { Fault, type FaultCode, toError } from '@reeve/base'

/** Asks the control plane with the token of the agent, which nobody else in the workspace has. */
export type AskControlPlane = (
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  options?: {
    readonly query?: Readonly<Record<string, string>>
    readonly body?: object
    readonly signal?: AbortSignal
  },
) => Promise<unknown>

/** The longest wait that is asked for is a minute. */
const withinMs = 90_000

export function askControlPlane({ url, token }: { readonly url: string; readonly token: string }): AskControlPlane {
  const base = url.replace(/\/+$/, '')
  return async (method, path, { query = {}, body, signal } = {}) => {
    const search = new URLSearchParams(query).toString()
    const deadline = AbortSignal.timeout(withinMs)
    const answer = await fetch(`${base}/api/v2/workspaceagents/me/${path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: { 'Reeve-Session-Token': token, 'Content-Type': 'application/json' },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((thrown: unknown) => {
      throw new Fault('unavailable', `the control plane is not reached: ${toError(thrown).message}`)
    })
    const text = await answer.text()
    if (answer.ok) return text === '' ? null : JSON.parse(text)
    throw refusal(answer.status, text)
  }
}

/** As the control plane worded it, where it did. */
function refusal(status: number, text: string): Fault {
  const said = readJson(text)
  const message = typeof said['message'] === 'string' ? said['message'] : `the control plane answered ${status}`
  const fix = typeof said['detail'] === 'string' ? { fix: said['detail'] } : {}
  return new Fault(codes[status] ?? 'unavailable', message, fix)
}

const codes: Readonly<Record<number, FaultCode>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'limited',
  502: 'upstream',
}

function readJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    // SAFETY: of an object each member is looked at before it is used.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
