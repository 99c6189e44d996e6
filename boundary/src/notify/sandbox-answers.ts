import type { Execution } from '@reeve/policy'
import type { Deletion } from '../commands/deletion-brake.ts'
import type { Start } from '../commands/executions.ts'
import { readings } from '../commands/readings.ts'
import type { Question } from './answer.ts'
import { currentDirectory, emptyPathFlag, errno, type Reply } from './frames.ts'
import { beginning, directoryOf, family, isInFolder, locate, locateName, treeOf } from './process-view.ts'

type ExecQuestion = Extract<Question, { call: 'exec' }>
type DeletionQuestion = Extract<Question, { call: 'unlink' | 'rmdir' | 'rename' }>

export interface Deciders {
  readonly execution: (start: Start, signal: AbortSignal) => boolean | Promise<boolean>
  readonly deletion: (deletion: Deletion, signal: AbortSignal) => boolean | Promise<boolean>
  /** Where the sandbox may write, as it names it. */
  readonly isWritable: (path: string) => boolean
  /** In the workspace. */
  readonly isOurs: (path: string) => boolean
  /** False for what the policy keeps from being deleted or moved away; that is told then. */
  readonly mayGo: (deletion: Deletion) => boolean
  /** What counts as a deletion: in the workspace, and not in folders that builds make anew. */
  readonly counts: (path: string) => boolean
  /** The process above the command's first one: families are told up to it. */
  readonly above: () => number
}

const onward: Reply = { action: 'continue' }
const refused = (error: number): Reply => ({ action: 'refuse', error })
const scriptBytes = 256

/** Asks the deciders what a stopped process is about to do, in words that they know. */
export function sandboxAnswers(deciders: Deciders) {
  const reply = (passes: boolean | Promise<boolean>, error: number): Reply | Promise<Reply> =>
    typeof passes === 'boolean' ? (passes ? onward : refused(error)) : passes.then((later) => reply(later, error))

  function execution(question: ExecQuestion, signal: AbortSignal): Reply | Promise<Reply> {
    const start = startOf(question, deciders)
    // Gone, or not to be looked at: then it is not to be run either.
    if (start === null) return refused(errno.EACCES)
    return reply(deciders.execution(start, signal), start.missing ? errno.ENOENT : errno.EPERM)
  }

  function deletion(question: DeletionQuestion, signal: AbortSignal): Reply | Promise<Reply> {
    const moved = question.call === 'rename' ? named(question.thread, question.directory, question.path) : null
    const path = victim(question)
    const about = [moved, path].filter((one) => one !== null).filter((one) => deciders.isOurs(one))
    if (about.length === 0) return onward
    const { pid, exes } = family(question.thread, deciders.above())
    const process = { pid, exe: exes[0] ?? null, argv: [], tree: treeOf(exes) }
    if (about.some((one) => !deciders.mayGo({ pid, path: one, process }))) return refused(errno.EPERM)
    if (path === null || !deciders.counts(path)) return onward
    return reply(deciders.deletion({ pid, path, process }, signal), errno.EPERM)
  }

  /** Connections are not decided here: the proxy hears them, or the jail's redirections make them. */
  return (question: Question, signal: AbortSignal): Reply | Promise<Reply> => {
    if (question.call === 'exec') return execution(question, signal)
    return question.call === 'connect' ? refused(errno.EACCES) : deletion(question, signal)
  }
}

function startOf(question: ExecQuestion, { isWritable, above }: Deciders): Start | null {
  const { thread, directory, path, argv, shortened } = question
  // Without the flag an empty path is no program, and the kernel says so.
  if (path === '' && (question.flags & emptyPathFlag) === 0) return null
  const located = locate(thread, directory, path)
  const cwd = directoryOf(thread, currentDirectory)
  if (located === null || cwd === null) return null
  const { pid, exes } = family(thread, above())
  const execution: Execution = { path: located.path, argv, cwd, exes }
  return {
    pid,
    execution,
    readings: readings(path, execution, beginning(located, scriptBytes)),
    shortened,
    missing: located.kind === 'missing',
    writable: located.path.startsWith('/memfd:') || isWritable(located.path),
  }
}

/** What will not be there any more; null where nothing is lost: a rename loses what was in its place. */
function victim({ thread, ...question }: DeletionQuestion): string | null {
  if (question.call !== 'rename') return named(thread, question.directory, question.path)
  const lost = locate(thread, question.second, question.target)?.kind === 'file'
  return lost ? named(thread, question.second, question.target) : null
}

/** Null where the folder that it would be in is not there. */
function named(thread: number, fd: number, path: string): string | null {
  const at = locateName(thread, fd, path)
  return at === null || !isInFolder(at) ? null : at.path
}
