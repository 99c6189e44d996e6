import { type Decision, type Effect, matchesPath, pathPattern } from '@reeve/policy'
import { nothing, type Recorder } from '../audit/recorder.ts'
import type { Deletion } from './deletion-brake.ts'

/**
 * What the policy keeps in the workspace (`no_delete`): it is not deleted, not moved away and not replaced by a move.
 * Folders that lead to a kept path stay as well, as far as the pattern names them. This is a guard-rail: a program of
 * several threads that changes its words while it is asked about gets past it, and then the snapshot has the file.
 */
export function keptPaths(options: {
  readonly workspace: string
  readonly patterns: () => readonly string[]
  readonly held: (decision: Decision) => Effect
  readonly recorder: Recorder
}): (deletion: Deletion) => boolean {
  const { workspace, patterns, held, recorder } = options
  return ({ path, process }) => {
    const inside = path.slice(workspace.length + 1)
    if (!patterns().some((pattern) => keeps(pattern, inside))) return true
    const effect = held(decision)
    const file = { op: 'delete', path, count: 1 }
    recorder.record({ ...nothing, kind: 'file', decision: effect === 'allow' ? 'allow' : 'deny', would: 'deny', rule: 'no-delete', reason: 'protected-path', process, file }) // prettier-ignore
    return effect === 'allow'
  }
}

const decision: Decision = { effect: 'deny', rule: 'no-delete', policy: 'none', reason: 'protected-path', hint: null }

function keeps(pattern: string, inside: string): boolean {
  if (inside === '') return true
  return pattern.startsWith(`${inside}/`) || matchesPath(pathPattern(pattern), inside.split('/'))
}
