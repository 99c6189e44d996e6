import { Counter, type Registry } from 'prom-client'

/** Nothing that a boundary can make any number of is a label: hosts, rules and people are in the record. */
export interface BoundaryMetrics {
  readonly events: Counter<'kind' | 'verdict'>
  readonly sessions: Counter<'tier'>
  readonly tampered: Counter<'how'>
  readonly missing: Counter
  readonly requests: Counter<'status'>
}

/** In which ways a record is found changed. */
export const tamperings = ['changed', 'chain', 'end'] as const

export function createBoundaryMetrics(registry: Registry): BoundaryMetrics {
  const metrics = {
    events: new Counter({
      name: 'reeve_boundary_events_total',
      help: 'What boundaries decided: allowed, denied, or observed where a policy only looks on.',
      labelNames: ['kind', 'verdict'],
      registers: [registry],
    }),
    sessions: new Counter({
      name: 'reeve_boundary_sessions_total',
      help: 'Commands that began behind a boundary, by what holds it: 1 is the strongest.',
      labelNames: ['tier'],
      registers: [registry],
    }),
    tampered: new Counter({
      name: 'reeve_boundary_tampered_total',
      help: 'Records of boundaries that were found changed, by how that was seen.',
      labelNames: ['how'],
      registers: [registry],
    }),
    missing: new Counter({
      name: 'reeve_boundary_events_missing_total',
      help: 'Numbers that were left out by the lines of a record when they came. Some may come later.',
      registers: [registry],
    }),
    requests: new Counter({
      name: 'reeve_boundary_access_requests_total',
      help: 'Access requests that were made, and how they were answered.',
      labelNames: ['status'],
      registers: [registry],
    }),
  }
  // There from the start, so that the first one is a rise.
  for (const how of tamperings) metrics.tampered.inc({ how }, 0)
  return metrics
}
