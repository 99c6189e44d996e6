/**
 * What does a durable append cost? Appends per second, latency and CPU at several numbers in flight and payload sizes;
 * as control the same journal on a file system whose sync does nothing. Run it on the disk in question:
 *
 *   node bench/journal.ts [directory]
 *
 * CPU is that of the whole process, the thread pool included.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { openJournal } from '../server/src/journal/journal.ts'
import type { JournalFile, JournalFs } from '../server/src/journal/journal-fs.ts'
import { nodeFs } from '../server/src/journal/node-fs.ts'

const secondsEach = 2
const parent = process.argv[2] ?? tmpdir()

const unsynced = (file: JournalFile): JournalFile => ({
  ...file,
  writevDurably: file.writev,
  datasync: () => Promise.resolve(),
})
const withoutSync: JournalFs = {
  ...nodeFs,
  create: async (path) => unsynced(await nodeFs.create(path)),
  open: async (path, use) => unsynced(await nodeFs.open(path, use)),
  syncDirectory: () => Promise.resolve(),
}

interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUs: number
}

async function measure(fs: JournalFs, inFlight: number, payloadBytes: number): Promise<Figures> {
  const root = await mkdtemp(join(parent, 'reeve-bench-'))
  try {
    await using journal = await openJournal({ dir: join(root, 'journal'), fs, clock: systemClock, log: silentLog })
    const payload = [Buffer.alloc(64, 1), Buffer.alloc(payloadBytes - 64, 2)]
    const latencies: number[] = []
    const client = async (untilMs: number) => {
      while (performance.now() < untilMs) {
        const started = performance.now()
        const { segment } = await journal.append(1, payload)
        latencies.push(performance.now() - started)
        if (segment > 4 && latencies.length % 1_000 === 0) await journal.retire(segment - 2)
      }
    }
    const clients = (ms: number) => Promise.all(Array.from({ length: inFlight }, () => client(performance.now() + ms)))
    await clients(200)
    latencies.length = 0
    const started = performance.now()
    const cpu = process.cpuUsage()
    await clients(secondsEach * 1_000)
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (performance.now() - started) / 1_000
    latencies.sort((a, b) => a - b)
    return {
      perSecond: latencies.length / seconds,
      p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
      p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
      cpuUs: (user + system) / latencies.length,
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

console.log('sync  payload  in flight  appends/s  p50 ms  p99 ms  CPU us per append')
for (const [name, fs] of [['yes', nodeFs] as const, ['no', withoutSync] as const]) {
  for (const payloadBytes of [1_024, 4_096, 51_200]) {
    for (const inFlight of [1, 16, 64, 256]) {
      const figures = await measure(fs, inFlight, payloadBytes)
      console.log(
        [
          name.padEnd(4),
          String(payloadBytes).padStart(8),
          String(inFlight).padStart(10),
          figures.perSecond.toFixed(0).padStart(10),
          figures.p50Ms.toFixed(3).padStart(7),
          figures.p99Ms.toFixed(3).padStart(7),
          figures.cpuUs.toFixed(1).padStart(18),
        ].join(' '),
      )
    }
  }
}
