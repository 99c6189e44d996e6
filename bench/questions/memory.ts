import { residentBytes } from '../../test/support/processes.ts'
import { shapes } from '../conversation.ts'
import { atMost, figure, type Finding } from '../finding.ts'
import type { Rig } from '../rig.ts'

/** What a stream costs while it is open and nothing much happens on it. */
export async function memory(rig: Rig): Promise<Finding> {
  const count = 1_000
  const rows: string[][] = []
  const doubts: string[] = []
  let perStreamKb = 0
  for (const subject of rig.subjects) {
    if (subject.pid === null) continue
    const pid = subject.pid
    const load = {
      shape: shapes['1 KB'],
      answer: 'hold',
      clients: count,
      warmupMs: 0,
      measureMs: 60_000,
      perSecond: null,
      once: true,
    } as const
    // Once before, so that what a first thousand connections leave behind for good is not counted as theirs.
    await rig.measure(subject, load)
    await pause(3_000)
    const idle = residentBytes(pid)
    let most = 0
    const look = setInterval(() => {
      most = Math.max(most, residentBytes(pid))
    }, 200)
    const found = await rig.measure(subject, load)
    clearInterval(look)
    if (found.failures.length > 0 || found.wrongBodies > 0)
      doubts.push(`${subject.name}: ${found.failures[0] ?? 'wrong bodies'}`)
    const perStream = Math.max(0, most - idle) / count / 1024
    if (subject.name === 'reeve') perStreamKb = perStream
    rows.push([subject.name, String(count), figure(idle / 2 ** 20), figure(most / 2 ** 20), figure(perStream)])
  }
  return {
    question: 'What does an open stream cost in memory?',
    method:
      'A thousand streams are open at the same time, each with an event every two seconds. Resident memory of the gateway process before them and the most while they are open; a first thousand has gone before.',
    header: ['', 'streams', 'MB before', 'MB at most', 'KB per stream'],
    rows,
    targets: [atMost('memory per open stream', perStreamKb, 80, ' KB')],
    doubts,
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
