import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { openJournal } from '/work/main/server/src/journal/journal.ts'
import { nodeFs } from '/work/main/server/src/journal/node-fs.ts'
const mode = process.argv[2]!,
  n = Number(process.argv[3]),
  size = Number(process.argv[4] ?? 4096),
  k = Number(process.argv[5] ?? 1)
const fs = {
  ...nodeFs,
  create: async (p: string) => {
    if (mode.includes('nospare') && p.endsWith('spare')) throw Object.assign(new Error('x'), { code: 'EPERM' })
    const f = await nodeFs.create(p)
    return mode.includes('nosync') ? { ...f, datasync: () => Promise.resolve() } : f
  },
  open: async (p: string, u: 'read' | 'write') => {
    const f = await nodeFs.open(p, u)
    return mode.includes('nosync') ? { ...f, datasync: () => Promise.resolve() } : f
  },
}
const root = await mkdtemp('/tmp/jx/b-')
{
  await using j = await openJournal({ dir: join(root, 'j'), fs, clock: systemClock, log: silentLog })
  const p = [Buffer.alloc(size, 2)]
  for (let i = 0; i < 300; i++) await j.append(1, p)
  const lat: number[] = []
  const c0 = process.cpuUsage()
  const t0 = performance.now()
  await Promise.all(
    Array.from({ length: k }, async () => {
      for (let i = 0; i < n / k; i++) {
        const t = performance.now()
        await j.append(1, p)
        lat.push(performance.now() - t)
      }
    }),
  )
  const c = process.cpuUsage(c0),
    el = performance.now() - t0
  lat.sort((a, b) => a - b)
  console.log(
    mode.padEnd(16),
    'p50',
    lat[lat.length >> 1]!.toFixed(3),
    'p99',
    lat[Math.floor(lat.length * 0.99)]!.toFixed(3),
    'us user',
    (c.user / n).toFixed(0),
    'sys',
    (c.system / n).toFixed(0),
    'rate',
    ((n / el) * 1000).toFixed(0),
  )
}
await rm(root, { recursive: true, force: true })
