import { z } from 'zod'
import { Id, Instant } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Boundaries under the names of another product, for clients that were written against it. They read; nothing more. */

const count = z.number().int()
const tag = 'Boundaries'
const params = z.object({ id: Id })

export const getAgentFirewallSession = endpoint({
  name: 'getAgentFirewallSession',
  method: 'GET',
  path: '/api/v2/agent-firewall/sessions/:id',
  summary: 'One boundary, as clients of Coder read it',
  tag,
  permission: 'boundary:read',
  params,
  result: z.object({
    id: Id,
    workspace_agent_id: Id.nullable(),
    owner_id: Id,
    confined_process_name: z.string(),
    started_at: Instant,
    updated_at: Instant,
  }),
  faults: ['not_found'],
})

export const listAgentFirewallLogs = endpoint({
  name: 'listAgentFirewallLogs',
  method: 'GET',
  path: '/api/v2/agent-firewall/sessions/:id/logs',
  summary: 'Web requests that a boundary decided about, by number, as clients of Coder read them',
  tag,
  permission: 'boundary:read',
  params,
  query: z.object({
    seq_after: z.coerce.number().int().min(-1).optional(),
    seq_before: z.coerce.number().int().min(0).optional(),
    limit: z.coerce.number().int().min(1).max(1000).optional(),
  }),
  result: z.object({
    results: z.array(
      z.object({
        id: Id,
        session_id: Id,
        sequence_number: count,
        captured_at: Instant,
        created_at: Instant,
        proto: z.string(),
        method: z.string(),
        detail: z.string().describe('The URL.'),
        matched_rule: z.string().nullable().describe('Null: it was denied.'),
      }),
    ),
  }),
  faults: ['invalid', 'not_found'],
})
