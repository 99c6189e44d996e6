import type { Clock } from '@reeve/base'
import { type CompiledPolicy, decideExecution, type Decision, type Effect } from '@reeve/policy'
import type { Recorder } from '../audit/recorder.ts'
import type { Question } from '../notify/answer.ts'
import type { Reply } from '../notify/frames.ts'
import { sandboxAnswers } from '../notify/sandbox-answers.ts'
import type { Timers } from '../timers.ts'
import type { Approvals } from './approvals.ts'
import { deletionBrake } from './deletion-brake.ts'
import { executions } from './executions.ts'
import { keptPaths } from './kept-paths.ts'
import { processReins } from './process-reins.ts'

export interface CommandGuardOptions {
  /** The policy in force at this moment. */
  readonly policy: () => CompiledPolicy
  /** What holds in place of a decision where the policy only observes. */
  readonly held: (decision: Decision) => Effect
  readonly recorder: Recorder
  readonly approvals: Approvals
  readonly clock: Clock
  readonly timers: Timers
  /** Folders as the sandbox names them. */
  readonly workspace: string
  readonly writable: readonly string[]
  /** The process above the command's first one. */
  readonly above: () => number
  /** How long somebody has who is asked. Then it is denied. */
  readonly askTimeoutMs?: number
}

const askTimeoutMs = 300_000

/** Whether the filter has to hold deletions up at all: each costs the program a wait. */
export const holdsDeletions = ({ files }: CompiledPolicy): boolean =>
  files.bulk_delete !== null || files.no_delete.length > 0

/** Decides what the filter holds up: starts of programs by the policy's commands, deletions by what it keeps and its brake. */
export function commandGuard(options: CommandGuardOptions) {
  const { policy, held, recorder, approvals, clock, timers, workspace, writable, above } = options
  const effects = { recorder, approvals, timers, askTimeoutMs: options.askTimeoutMs ?? askTimeoutMs }
  const folders = [workspace, ...writable]
  const answer = sandboxAnswers({
    execution: executions({
      ...effects,
      held,
      decide: (execution) => decideExecution(policy(), execution),
      concerns: (path) => concerns(policy(), path),
    }),
    deletion: deletionBrake({
      ...effects,
      limit: () => policy().files.bulk_delete,
      observes: () => held(denied) === 'allow',
      monotonicMs: () => clock.monotonicMs(),
      reins: processReins,
    }),
    isWritable: (path) => folders.some((folder) => isWithin(path, folder)),
    isOurs: (path) => isWithin(path, workspace),
    mayGo: keptPaths({ workspace, recorder, held, patterns: () => policy().files.no_delete }),
    counts: (path) => isWithin(path, workspace) && !madeAnew.test(path.slice(workspace.length)),
    above,
  })
  return (question: Question, signal: AbortSignal): Reply | Promise<Reply> => answer(question, signal)
}

const denied: Decision = { effect: 'deny', rule: 'bulk-delete', policy: 'none', reason: 'bulk-delete', hint: null }

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

/** Folders that builds and package managers empty and fill by themselves. */
const madeAnew =
  /\/(node_modules|target|dist|build|out|coverage|\.next|\.cache|\.venv|venv|__pycache__|\.pytest_cache|\.git\/objects)(\/|$)/

/** Whether a rule that denies or asks names this program, whatever else it says. */
function concerns({ layers }: CompiledPolicy, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return layers.some((layer) =>
    layer.commands.some(({ rule }) => {
      const [first] = rule.argv
      if (rule.effect === 'allow' || typeof first !== 'string') return false
      return first.includes('*') || first === path || first.slice(first.lastIndexOf('/') + 1) === name
    }),
  )
}
