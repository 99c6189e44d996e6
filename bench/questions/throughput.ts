import { type AnswerKind, type Shape, shapes } from '../conversation.ts'
import { atLeast, atMost, doubtsAbout, figure, type Finding, type Target } from '../finding.ts'
import type { Rig, SubjectName } from '../rig.ts'
import { inRounds, type Plan, type Summaries } from '../rounds.ts'

interface Case {
  readonly name: string
  readonly shape: Shape
  readonly answer: AnswerKind
  readonly clients: number
  readonly targets: (summaries: Summaries) => Target[]
}

/** Requests and CPU against the bare proxy; the bounds are rows G1 and G3 to G5 of the performance goal. */
const share = (name: string, bound: number) => (of: Summaries) => [
  atLeast(`${name}: requests per second, share of the bare proxy`, of.reeve.perSecond / of.bare.perSecond, bound),
]

const cases: readonly Case[] = [
  { name: '1 KB, JSON', shape: shapes['1 KB'], answer: 'json', clients: 64, targets: share('1 KB', 0.6) },
  { name: '200 KB, JSON', shape: shapes['200 KB'], answer: 'json', clients: 32, targets: share('200 KB', 0.7) },
  { name: '1 MB, JSON', shape: shapes['1 MB'], answer: 'json', clients: 16, targets: share('1 MB', 0.75) },
  {
    name: '200 KB, 300 events',
    shape: shapes['200 KB'],
    answer: 'sse',
    clients: 32,
    targets: (of) => [
      ...share('200 KB and 300 events', 0.9)(of),
      atMost(
        '200 KB and 300 events: CPU per request, times the bare proxy',
        of.reeve.cpuMicros / of.bare.cpuMicros,
        1.15,
      ),
    ],
  },
]

export async function throughput(rig: Rig, plan: Plan): Promise<Finding> {
  const rows: string[][] = []
  const targets: Target[] = []
  const doubts: string[] = []
  for (const each of cases) {
    const { shape, answer, clients } = each
    const { warmupMs, measureMs } = plan
    const of = await inRounds(rig, plan, { shape, answer, clients, warmupMs, measureMs, perSecond: null, once: false })
    for (const name of ['direct', 'bare', 'reeve'] as const) rows.push(row(each, name, of))
    targets.push(...each.targets(of))
    doubts.push(...doubtsAbout(each.name, of))
  }
  return {
    question: 'How many requests per second, and what does one cost?',
    method:
      'Closed loop: each client asks again as soon as it has its answer. Each client is an agent session whose requests grow turn by turn; the size is the mean. CPU is user and system time of the gateway with its PostgreSQL; the second figure goes on until the record has caught up.',
    header: [
      'request, answer',
      'clients',
      '',
      'req/s',
      '÷ bare',
      'CPU µs/req',
      'with drain',
      'p50 ms',
      'p99 ms',
      'first byte p50',
      'gateway core',
      'load',
      'MB',
    ],
    rows,
    targets,
    doubts,
  }
}

function row(each: Case, name: SubjectName, of: Summaries): string[] {
  const it = of[name]
  const gateway = name !== 'direct'
  return [
    each.name,
    String(each.clients),
    name,
    figure(it.perSecond),
    figure(it.perSecond / of.bare.perSecond),
    gateway ? figure(it.cpuMicros) : '',
    gateway ? figure(it.cpuMicrosWithDrain) : '',
    figure(it.p50Ms),
    figure(it.p99Ms),
    figure(it.firstByteP50Ms),
    gateway ? `${Math.round(it.gatewayBusy * 100)} %` : '',
    `${Math.round(it.loadBusy * 100)} %`,
    gateway ? figure(it.residentMb) : '',
  ]
}
