import { shapes } from '../conversation.ts'
import { against, atLeast, atMost, doubtsAbout, figure, type Finding, summariesIn, type Target } from '../finding.ts'
import type { Rig } from '../rig.ts'
import { inRounds, type Plan, type Summaries, type Summary } from '../rounds.ts'

const microsPerEvent = (it: Summary): number => (it.gatewayBusy / Math.max(1, it.eventsPerSecond)) * 1e6

/** As long as a stream lasts, so that every moment of it is some client's now. */
const streamMs = 1_000
/** People begin when they like; agents that a timer starts begin together, and then the last waits for all before it. */
const beginnings = { spread: streamMs, together: 0 } as const

/** Rows of the performance goal, by how many streams there are; their beginnings are spread. */
const goals: Readonly<Record<number, (of: Summaries) => Target[]>> = {
  200: (of) => [
    atMost('G6 first byte, median', of.reeve.firstByteP50Ms, 4, ' ms'),
    atMost('G6 first byte, 99th percentile', of.reeve.firstByteP99Ms, 16, ' ms'),
    atMost('G6 CPU per event, ÷ bare', microsPerEvent(of.reeve) / microsPerEvent(of.bare), 1.25),
    ...against(of, (it) =>
      atMost('G6 first byte, median, ÷ Portkey', of.reeve.firstByteP50Ms / it.firstByteP50Ms, 0.1),
    ),
  ],
  1000: (of) => [
    atLeast('G7 events kept, ÷ bare', of.reeve.eventsPerSecond / of.bare.eventsPerSecond, 0.8),
    atMost('G7 first byte, median', of.reeve.firstByteP50Ms, 80, ' ms'),
    atMost('G7 bodies that differ', of.reeve.wrongBodies, 0),
    ...against(of, (it) => atLeast('G7 events kept, ÷ Portkey', of.reeve.eventsPerSecond / it.eventsPerSecond, 1.7)),
    atMost('G8 resident memory', of.reeve.residentMb, 350, ' MB'),
  ],
}

/** What a person sees: tokens that come a moment later. */
export async function streams(rig: Rig, plan: Plan): Promise<Finding> {
  const rows: string[][] = []
  const doubts: string[] = []
  const targets: Target[] = []
  for (const [beginning, beginOverMs] of Object.entries(beginnings)) {
    for (const clients of [50, 200, 1000]) {
      const of = await inRounds(rig, plan, {
        shape: shapes['1 KB'],
        answer: 'paced',
        clients,
        warmupMs: 1_500,
        measureMs: plan.measureMs,
        perSecond: null,
        beginOverMs,
        once: false,
      })
      for (const [name, it] of summariesIn(of)) rows.push([String(clients), beginning, name, ...cells(it, of, name)])
      if (beginOverMs > 0) targets.push(...(goals[clients]?.(of) ?? []))
      doubts.push(...doubtsAbout(`${clients} streams that begin ${beginning}`, of))
    }
  }
  return {
    question: 'How much later does a streamed event arrive?',
    method:
      'Streams of 100 events, one every 10 ms, each stamped by the provider when it is sent; a stream that ends is followed by the next. They begin spread over the time of one, or all together, and then the first bytes are those of a burst: each waits for the requests before it.',
    header: [
      'streams',
      'begin',
      '',
      'events/s',
      'delay p50 ms',
      'added',
      'delay p99',
      'first byte p50',
      'first byte p99',
      'CPU µs/event',
      'gateway core',
    ],
    rows,
    targets,
    doubts,
  }
}

function cells(it: Summary, of: Summaries, name: string): string[] {
  return [
    figure(it.eventsPerSecond),
    figure(it.eventDelayP50Ms),
    figure(it.eventDelayP50Ms - of.direct.eventDelayP50Ms),
    figure(it.eventDelayP99Ms),
    figure(it.firstByteP50Ms),
    figure(it.firstByteP99Ms),
    name === 'direct' ? '' : figure(microsPerEvent(it)),
    name === 'direct' ? '' : `${Math.round(it.gatewayBusy * 100)} %`,
  ]
}
