import { Fault, systemClock, uuidv7 } from '@reeve/base'
import { type AccessRequest, queryPieces } from '@reeve/sdk'
import { boundariesOf, isMember, page, searchEvents } from './boundary-handlers.ts'
import type { Asked, Handlers } from './handlers.ts'
import { minimal } from './seed.ts'

/** Access requests: asked for, and decided about by somebody else. */

function find(asked: Asked, id: string): AccessRequest {
  const found = boundariesOf(asked).requests.find((one) => one.id === id)
  if (found === undefined) throw new Fault('not_found', 'there is no such access request')
  return found
}

function decide(asked: Asked, id: string, changes: Partial<AccessRequest>): AccessRequest {
  const request = find(asked, id)
  if (request.requester.id === asked.user.id)
    throw new Fault('forbidden', 'nobody decides about what he asked for himself')
  return settle(request, { decided_by: minimal(asked.user), ...changes })
}

function settle(request: AccessRequest, changes: Partial<AccessRequest>): AccessRequest {
  if (request.status !== 'pending') throw new Fault('conflict', `it is ${request.status} already`)
  return Object.assign(request, { decided_at: systemClock.now().toISOString(), ...changes })
}

const matches = (request: AccessRequest, q: string): boolean =>
  queryPieces(q).every(({ key, text, raw }) => {
    if (key === 'status') return text.split(',').includes(request.status)
    if (key === 'user') return request.requester.username === text
    if (key === 'host') return request.rule?.host === text
    if (key === 'denial') return request.denial === text
    return `${request.reason} ${request.what}`.toLowerCase().includes(raw.toLowerCase())
  })

export const accessRequestHandlers: Handlers = {
  listAccessRequests: ({ query }, asked) => {
    const found = boundariesOf(asked).requests.filter(
      (one) => (!isMember(asked) || one.requester.id === asked.user.id) && matches(one, query.q ?? ''),
    )
    return { access_requests: page(found, query.after_id, query.limit), count: found.length, count_is_exact: true }
  },
  getAccessRequest: ({ params }, asked) => find(asked, params.id),
  createAccessRequest: ({ body }, asked) => {
    const event = searchEvents(asked, `denial:${body.denial}`)[0]
    if (event === undefined) throw new Fault('not_found', 'there is no such denial')
    const { net } = event
    const now = systemClock.now()
    const request: AccessRequest = {
      ...body,
      id: uuidv7(now),
      status: 'pending',
      requester: minimal(asked.user),
      organization_id: null,
      session_id: event.session_id,
      what: net === null ? event.kind : `${net.method} ${net.url}`,
      rule:
        net === null ? null : { host: net.host, port: net.port, tcp: false, methods: [net.method ?? 'GET'], paths: [] },
      identical: { count: 31, people: 4 },
      risks: ['new-domain'],
      created_at: now.toISOString(),
      decided_at: null,
      decided_by: null,
      answer: null,
      expires_at: null,
    }
    boundariesOf(asked).requests.unshift(request)
    return request
  },
  approveAccessRequest: ({ params, body }, asked) => {
    const { rule, scope, duration_seconds } = find(asked, params.id)
    const seconds = body.duration_seconds ?? duration_seconds
    return decide(asked, params.id, {
      status: 'approved',
      rule: body.rule ?? rule,
      scope: body.scope ?? scope,
      duration_seconds: seconds,
      answer: body.answer ?? null,
      expires_at: new Date(systemClock.now().getTime() + seconds * 1000).toISOString(),
    })
  },
  declineAccessRequest: ({ params, body }, asked) =>
    decide(asked, params.id, { status: 'declined', answer: body.reason }),
  withdrawAccessRequest: ({ params }, asked) => settle(find(asked, params.id), { status: 'withdrawn' }),
}
