import { residentBytes } from '../../test/support/processes.ts'
import { shapes } from '../conversation.ts'
import { atMost, figure, type Finding } from '../finding.ts'
import type { LoadOptions, Rig, Subject } from '../rig.ts'

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
    // Ordinary requests before, so that what a process needs to be warm is not counted as the streams'.
    await rig.measure(subject, {
      ...load,
      answer: 'json',
      clients: 64,
      measureMs: 60_000,
      once: false,
      requests: 5_000,
    })
    await pause(3_000)
    for (const turn of ['first', 'second']) {
      const { idle, most, doubt } = await whileOpen(rig, subject, pid, load)
      const perStream = Math.max(0, most - idle) / count / 1024
      if (subject.name === 'reeve' && turn === 'first') perStreamKb = perStream
      rows.push([subject.name, `${turn} ${count}`, figure(idle / 2 ** 20), figure(most / 2 ** 20), figure(perStream)])
      doubts.push(...doubt)
    }
  }
  return {
    question: 'What does an open stream cost in memory?',
    method:
      'A thousand streams are open at the same time, each with an event every two seconds. Resident memory of the gateway process before them and the most while they are open; 5 000 requests on 64 connections have gone before, and a second thousand comes after the first: it finds room that the first has left.',
    header: ['', 'streams', 'MB before', 'MB at most', 'KB per stream'],
    rows,
    targets: [atMost('memory per open stream', perStreamKb, 80, ' KB')],
    doubts,
  }
}

interface Held {
  readonly idle: number
  readonly most: number
  readonly doubt: readonly string[]
}

async function whileOpen(rig: Rig, subject: Subject, pid: number, load: LoadOptions): Promise<Held> {
  const idle = residentBytes(pid)
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, residentBytes(pid))
  }, 200)
  const found = await rig.measure(subject, load)
  clearInterval(look)
  const failed = found.failures.length > 0 || found.wrongBodies > 0
  return { idle, most, doubt: failed ? [`${subject.name}: ${found.failures[0] ?? 'wrong bodies'}`] : [] }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
