import { z } from 'zod'
import { BoundaryEvent } from './boundary-event.ts'
import { Id, Instant } from './common.ts'

/**
 * What a boundary decided while a session of the bridge ran inside it, placed between the events of its timeline. Where
 * it lies is told by numbers and not by clocks: each request names its own number in the boundary's record.
 */
export const TimelineDecision = z.object({
  id: z.string().describe('<boundary>.<first number>, unique in its timeline.'),
  after: z
    .string()
    .nullable()
    .describe('The event that it comes right behind, which may be one of a later page; null: in front of all of them.'),
  boundary_session_id: Id,
  first_seq: z.number().int(),
  last_seq: z.number().int(),
  time: Instant.describe('On the clock of the events, whatever the boundary’s own says.'),
  offset_ms: z.number().describe('Since the session began.'),
  verdict: z.enum(['allowed', 'denied', 'observed']).describe('observed: let pass, and would have been denied.'),
  count: z.number().int().describe('How many decisions: allowed ones that follow one another are one row.'),
  names: z.array(z.string()).describe('Hosts, programs and files, the most frequent first; at most 5.'),
  attribution: z
    .enum(['sure', 'one_of', 'none'])
    .describe(
      'sure: the process, the host or the file tells which tool call it comes from. one_of: these tool calls were ' +
        'open at that moment; it may come from none of them.',
    ),
  tool_calls: z.array(z.string()).describe('Ids of events of kind tool_call.'),
  event: BoundaryEvent.nullable().describe('Where the row stands for one line of the record.'),
})
export type TimelineDecision = z.infer<typeof TimelineDecision>
