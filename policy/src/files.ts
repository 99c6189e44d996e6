import type { FilePolicy } from './document.ts'
import { covers } from './glob.ts'

/** What holds where no layer speaks of files. */
const unsaid: FilePolicy = {
  workspace: 'snapshot',
  read: [],
  write: [],
  hide: [],
  protect: [],
  no_delete: [],
  bulk_delete: null,
}

const strictness = ['direct', 'snapshot', 'overlay'] as const

/** Several layers as one: what any of them hides or protects, and only what all of them open. */
export function joinFiles(layers: readonly FilePolicy[]): FilePolicy {
  const [first, ...rest] = layers
  return rest.reduce(
    (above, below) => ({
      workspace: strictness[Math.max(strictness.indexOf(above.workspace), strictness.indexOf(below.workspace))]!,
      read: both(above.read, below.read),
      write: both(above.write, below.write),
      hide: union(above.hide, below.hide),
      protect: union(above.protect, below.protect),
      no_delete: union(above.no_delete, below.no_delete),
      bulk_delete: stricterBrake(above.bulk_delete, below.bulk_delete),
    }),
    first ?? unsaid,
  )
}

const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])]

/** What both sides open: each pattern that one on the other side contains. */
const both = (a: readonly string[], b: readonly string[]) =>
  union(
    a.filter((inner) => b.some((outer) => opens(outer, inner))),
    b.filter((inner) => a.some((outer) => opens(outer, inner))),
  )

/** A folder opens what is in it. */
const opens = (outer: string, inner: string) => covers(outer, inner) || covers(`${outer.replace(/\/$/, '')}/**`, inner)

function stricterBrake(a: FilePolicy['bulk_delete'], b: FilePolicy['bulk_delete']): FilePolicy['bulk_delete'] {
  if (a === null || b === null) return a ?? b
  return {
    count: Math.min(a.count, b.count),
    seconds: Math.max(a.seconds, b.seconds),
    effect: a.effect === 'deny' || b.effect === 'deny' ? 'deny' : 'ask',
  }
}
