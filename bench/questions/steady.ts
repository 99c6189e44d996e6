import { shapes } from '../conversation.ts'
import { against, atMost, doubtsAbout, figure, type Finding, summariesIn } from '../finding.ts'
import type { Rig } from '../rig.ts'
import { inRounds, type Plan } from '../rounds.ts'

/** Row G2 of the performance goal, and what is added to the first byte. */
export async function steady(rig: Rig, plan: Plan): Promise<Finding> {
  const of = await inRounds(rig, plan, {
    shape: shapes['200 KB'],
    answer: 'sse',
    clients: 32,
    warmupMs: plan.warmupMs,
    measureMs: plan.measureMs * 2,
    perSecond: 50,
    once: false,
  })
  const { direct, reeve } = of
  return {
    question: 'What does the bridge add to an answer at a steady 50 requests per second?',
    method: 'Open loop: 200 KB requests with answers of 300 events leave at their time, whatever the answers do.',
    header: ['', 'p50 ms', 'added', 'p99 ms', 'added', 'first byte p50', 'added', 'first byte p99', 'gateway core'],
    rows: summariesIn(of).map(([name, it]) => {
      return [
        name,
        figure(it.p50Ms),
        figure(it.p50Ms - direct.p50Ms),
        figure(it.p99Ms),
        figure(it.p99Ms - direct.p99Ms),
        figure(it.firstByteP50Ms),
        figure(it.firstByteP50Ms - direct.firstByteP50Ms),
        figure(it.firstByteP99Ms),
        name === 'direct' ? '' : `${Math.round(it.gatewayBusy * 100)} %`,
      ]
    }),
    targets: [
      atMost('G2 added to the whole answer, median', reeve.p50Ms - direct.p50Ms, 2, ' ms'),
      atMost('G2 added to the whole answer, 99th percentile', reeve.p99Ms - direct.p99Ms, 8, ' ms'),
      ...against(of, (it) =>
        atMost('G2 added, median, ÷ Portkey', (reeve.p50Ms - direct.p50Ms) / (it.p50Ms - direct.p50Ms), 0.1),
      ),
      ...against(of, (it) =>
        atMost('G2 added, 99th percentile, ÷ Portkey', (reeve.p99Ms - direct.p99Ms) / (it.p99Ms - direct.p99Ms), 0.2),
      ),
      atMost('added to the first byte, median', reeve.firstByteP50Ms - direct.firstByteP50Ms, 2, ' ms'),
    ],
    doubts: doubtsAbout('50 per second', of),
  }
}
