import { filesMax, residentBytes } from '../../test/support/processes.ts'
import { shapes } from '../conversation.ts'
import { atMost, doubtsAbout, figure, type Finding } from '../finding.ts'
import type { Measurement, Rig, Subject, SubjectName } from '../rig.ts'
import { percentile, summary } from '../rounds.ts'

const count = 5_000
/** Every stream is a connection of the client and one to the provider, and there is more that is open. */
const filesNeeded = 2 * count + 1_000

interface Held {
  readonly found: Measurement
  readonly idle: number
  readonly most: number
}

/** All agents of a large company at the same moment: each stream gets an event a second. */
export async function many(rig: Rig): Promise<Finding> {
  const files = filesMax()
  if (files < filesNeeded) {
    throw new Error(`${count} streams need ${filesNeeded} open files, and ${files} are allowed: raise \`ulimit -Hn\``)
  }
  const held = new Map<Subject, Held>()
  for (const subject of rig.subjects) held.set(subject, await hold(rig, subject))
  const figures = [...held].map(([{ name }, { found, idle, most }]) => {
    const kb = name === 'direct' ? 0 : (most - idle) / count / 1024
    return { name, it: summary([found]), p99: percentile(found.eventDelayMs, 0.99), kb, most }
  })
  const of = (name: SubjectName) => figures.find((each) => each.name === name)!
  const [direct, reeve] = [of('direct'), of('reeve')]
  return {
    question: `What do ${count} open streams cost?`,
    method: `${count} streams on as many connections, opened a thousand a second, with an event a second each; every byte is compared. Memory is that of the gateway process above what it had after 5 000 ordinary requests.`,
    header: [
      '',
      'streams answered',
      'bodies that differ',
      'KB per stream',
      'MB at most',
      'delay p50 ms',
      'delay p99',
      'added p99',
    ],
    rows: figures.map(({ name, it, p99, kb, most }) => [
      name,
      figure(it.requests),
      figure(it.wrongBodies),
      name === 'direct' ? '' : figure(kb),
      name === 'direct' ? '' : figure(most / 2 ** 20),
      figure(it.eventDelayP50Ms),
      figure(p99),
      figure(p99 - direct.p99),
    ]),
    targets: [
      atMost('streams without their whole answer', count - reeve.it.requests + reeve.it.wrongBodies, 0),
      atMost('memory per stream', reeve.kb, 80, ' KB'),
      atMost('added delay of an event, 99th percentile', reeve.p99 - direct.p99, 100, ' ms'),
    ],
    doubts: doubtsAbout(`${count} streams`, { direct: direct.it, bare: of('bare').it, reeve: reeve.it, portkey: null }),
  }
}

async function hold(rig: Rig, subject: Subject): Promise<Held> {
  const load = { shape: shapes['1 KB'], warmupMs: 0, perSecond: null } as const
  if (subject.pid !== null) {
    const ordinary = { ...load, answer: 'json', clients: 64, measureMs: 60_000, once: false, requests: 5_000 } as const
    await rig.measure(subject, ordinary)
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }
  const resident = (): number => (subject.pid === null ? 0 : residentBytes(subject.pid))
  const idle = resident()
  let most = idle
  const look = setInterval(() => {
    most = Math.max(most, resident())
  }, 200)
  const found = await rig.measure(subject, { ...load, answer: 'long', clients: count, measureMs: 240_000, once: true })
  clearInterval(look)
  return { found, idle, most }
}

/** Node raises what is allowed to what may be allowed when it starts. */
