import { shapes } from '../conversation.ts'
import { doubtsAbout, figure, type Finding } from '../finding.ts'
import type { Rig } from '../rig.ts'
import { inRounds, type Plan } from '../rounds.ts'

/** What a person sees: tokens that come a moment later. */
export async function streams(rig: Rig, plan: Plan): Promise<Finding> {
  const rows: string[][] = []
  const doubts: string[] = []
  for (const clients of [50, 200, 1000]) {
    const of = await inRounds(rig, plan, {
      shape: shapes['1 KB'],
      answer: 'paced',
      clients,
      warmupMs: 1_500,
      measureMs: plan.measureMs,
      perSecond: null,
      once: false,
    })
    for (const name of ['direct', 'bare', 'reeve'] as const) {
      const it = of[name]
      rows.push([
        String(clients),
        name,
        figure(it.eventsPerSecond),
        figure(it.eventDelayP50Ms),
        figure(it.eventDelayP50Ms - of.direct.eventDelayP50Ms),
        figure(it.eventDelayP99Ms),
        figure(it.firstByteP50Ms),
        figure(it.firstByteP99Ms),
        name === 'direct' ? '' : figure((it.cpuMicros / 100) * 1),
        name === 'direct' ? '' : `${Math.round(it.gatewayBusy * 100)} %`,
      ])
    }
    doubts.push(...doubtsAbout(`${clients} streams`, of))
  }
  return {
    question: 'How much later does a streamed event arrive?',
    method:
      'Streams of 100 events, one every 10 ms, each stamped by the provider when it is sent; a stream that ends is followed by the next.',
    header: [
      'streams',
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
    targets: [],
    doubts,
  }
}
