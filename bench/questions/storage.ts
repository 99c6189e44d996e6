import { shapes } from '../conversation.ts'
import { figuresOf, recordFigures } from '../database.ts'
import { atLeast, atMost, figure, type Finding } from '../finding.ts'
import { caughtUp, type Rig } from '../rig.ts'

/** Row G9 of the performance goal: what a long session costs on disk. */
export async function storage(rig: Rig): Promise<Finding> {
  const turns = 207
  await caughtUp(rig.reeve.server)
  const before = await figuresOf(rig.reeve.server, recordFigures)
  const found = await rig.measure(rig.reeve, {
    // 4 600 bytes a turn end at a megabyte.
    shape: { ...shapes['1 MB'], turnBytes: 4_600, turns },
    answer: 'json',
    clients: 1,
    warmupMs: 0,
    measureMs: 120_000,
    perSecond: null,
    once: false,
    requests: turns,
  })
  const after = await figuresOf(rig.reeve.server, recordFigures)
  const grown = (name: string): number => after[name]! - before[name]!
  const seen = grown('seen_bytes')
  const stored = grown('stored_bytes')
  return {
    question: 'What does a long session take on disk?',
    method: `One session of ${turns} turns that grows to a megabyte, its cache marker moving with every turn. Stored is the content in PostgreSQL, compressed.`,
    header: ['requests', 'records', 'blobs', 'seen MB', 'stored MB', 'before compression MB', 'seen ÷ stored'],
    rows: [
      [
        String(found.requests),
        String(grown('ended')),
        String(grown('blobs')),
        figure(seen / 1e6),
        figure(stored / 1e6),
        figure(grown('raw_bytes') / 1e6),
        figure(seen / stored),
      ],
    ],
    targets: [
      atMost('G9 stored, share of what was seen', stored / seen, 1 / 100),
      atLeast('records per request', grown('ended') / found.requests, 1),
      atMost('records per request', grown('ended') / found.requests, 1),
    ],
    doubts: found.failures.length > 0 ? [found.failures[0]!] : [],
  }
}
