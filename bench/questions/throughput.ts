import { type AnswerKind, type Shape, shapes } from '../conversation.ts'
import { against, atLeast, atMost, doubtsAbout, figure, type Finding, summariesIn, type Target } from '../finding.ts'
import type { Rig, SubjectName } from '../rig.ts'
import { inRounds, type Plan, type Summaries, type Summary } from '../rounds.ts'

interface Case {
  readonly name: string
  readonly shape: Shape
  readonly answer: AnswerKind
  readonly clients: number
  readonly targets: (summaries: Summaries) => Target[]
}

/** Of the bare proxy's requests per second at least so many; and of Portkey's. The rows are those of the performance goal. */
const share = (row: string, ofBare: number, ofPortkey: number) => (of: Summaries) => [
  atLeast(`${row} requests per second, ÷ bare`, of.reeve.perSecond / of.bare.perSecond, ofBare),
  ...against(of, (portkey) =>
    atLeast(`${row} requests per second, ÷ Portkey`, of.reeve.perSecond / portkey.perSecond, ofPortkey),
  ),
]

const cases: readonly Case[] = [
  { name: '1 KB, JSON', shape: shapes['1 KB'], answer: 'json', clients: 64, targets: share('G5', 0.6, 8) },
  { name: '200 KB, JSON', shape: shapes['200 KB'], answer: 'json', clients: 32, targets: share('G3', 0.7, 10) },
  { name: '1 MB, JSON', shape: shapes['1 MB'], answer: 'json', clients: 16, targets: share('G4', 0.75, 12) },
  {
    name: '200 KB, 300 events',
    shape: shapes['200 KB'],
    answer: 'sse',
    clients: 32,
    targets: (of) => [
      ...share('G1', 0.9, 3)(of),
      atMost('G1 CPU per request, ÷ bare', of.reeve.cpuMicros / of.bare.cpuMicros, 1.15),
      ...against(of, (portkey) =>
        atMost('G1 CPU per request, ÷ Portkey', of.reeve.cpuMicros / portkey.cpuMicros, 1 / 3),
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
    for (const [name, it] of summariesIn(of)) rows.push(row(each, name, it, of))
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
      '÷ direct',
      '÷ bare',
      '÷ Portkey',
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

function row(each: Case, name: SubjectName, it: Summary, of: Summaries): string[] {
  const gateway = name !== 'direct'
  return [
    each.name,
    String(each.clients),
    name,
    figure(it.perSecond),
    figure(it.perSecond / of.direct.perSecond),
    figure(it.perSecond / of.bare.perSecond),
    of.portkey === null ? '' : figure(it.perSecond / of.portkey.perSecond),
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
