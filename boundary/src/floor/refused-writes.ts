import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { Fact } from '../audit/event.ts'
import { nothing, type Recorder } from '../audit/recorder.ts'
import type { Floor, Write } from '../notify/answer.ts'
import { isInFolder, locate, locateName, type Located } from '../notify/process-view.ts'
import type { Acting } from './acting.ts'

/** What can be written of the files, by their names in the sandbox. */
export interface View {
  readonly workspace: string
  /** Whether a file or folder that is there cannot be written; by its name in the sandbox, and by one that opens here. */
  readonly isShut: (place: Pick<Located, 'path' | 'door'>) => boolean
  /** Whether something is laid there that cannot be taken away. */
  readonly isPinned: (path: string) => boolean
  /** Whether the machine has such a folder, which the sandbox does not see. */
  readonly isHidden: (folder: string) => boolean
}

export interface RefusedWritesOptions extends View {
  readonly recorder: Recorder
  readonly acting: Acting
}

/**
 * Records what the view of the files refuses: writing where everything is read-only, protected or hidden. The helper lets
 * through at once what is plainly in a writable place and asks about the rest; whether that is refused is found out
 * here, and the kernel does it by itself. So a program that changes its words meanwhile gains nothing, and one that only
 * looks whether something is there (`mkdir -p /usr`) was refused nothing.
 */
export function refusedWrites(options: RefusedWritesOptions): Pick<Floor, 'write' | 'untold'> {
  const { recorder, acting, workspace } = options
  const tell = (thread: number, reason: Fact['reason'], { op, path }: Place, count: number) => {
    const fact = { ...nothing, kind: 'file', decision: 'deny', would: 'deny', rule: 'view', reason } as const
    recorder.record({ ...fact, process: acting(thread), file: { op, path, count } })
  }
  return {
    write(write) {
      const found = refusedPlace(write, options)
      if (found === null) return
      const inside = found.path === workspace || found.path.startsWith(`${workspace}/`)
      tell(write.thread, inside ? 'protected-path' : 'not-writable', found, 1)
    },
    untold: ({ thread, count }) => tell(thread, 'not-writable', { op: 'write', path: '*' }, count),
  }
}

interface Place {
  readonly op: string
  readonly path: string
}

function refusedPlace(write: Write, view: View): Place | null {
  const { thread, directory, path } = write
  if (write.call === 'write') return written(write, view)
  const gone = locateName(thread, directory, path)
  if (write.call !== 'rename') return removed(gone, 'delete', view)
  if (gone === null || gone.kind === 'missing') return null
  const to = locateName(thread, write.second, write.target)
  return removed(gone, 'move', view) ?? (to?.kind === 'missing' ? created(to, view) : removed(to, 'move', view))
}

function written({ act, thread, directory, path, flags }: Extract<Write, { call: 'write' }>, view: View): Place | null {
  if (act === 'make') {
    const at = locateName(thread, directory, path)
    return at?.kind === 'missing' ? created(at, view) : null
  }
  const at = locate(thread, directory, path)
  if (act === 'open') return opened(at, flags, view)
  return at === null || at.kind === 'missing' || !view.isShut(at) ? null : { op: 'change', path: at.path }
}

function opened(at: Located | null, flags: number, view: View): Place | null {
  const has = (bits: number) => (flags & bits) !== 0
  if (at === null || at.kind === 'directory') return null
  if (at.kind === 'missing') return has(constants.O_CREAT) ? created(at, view) : null
  const excluded = has(constants.O_CREAT) && has(constants.O_EXCL)
  const writes = has(constants.O_WRONLY | constants.O_RDWR | constants.O_TRUNC)
  return excluded || !writes || !view.isShut(at) ? null : { op: 'write', path: at.path }
}

/** What is to be made, in a folder that is there, or that the machine has and the sandbox does not see. */
function created(at: Located, { isShut, isHidden }: View): Place | null {
  const folder = dirname(at.path)
  const refused = isInFolder(at) ? isShut({ path: folder, door: dirname(at.door) }) : isHidden(folder)
  return refused ? { op: 'create', path: at.path } : null
}

/** What is to go: out of a folder that is shut, or what is shut itself, or held in its place by a mount. */
function removed(at: Located | null, op: string, { isShut, isPinned }: View): Place | null {
  if (at === null || at.kind === 'missing') return null
  const refused = isPinned(at.path) || isShut({ path: dirname(at.path), door: dirname(at.door) })
  return refused ? { op, path: at.path } : null
}

/**
 * In a view of mounts. The kernel is asked about the mount itself; where it points to who owns the file, that is a
 * refusal of the view only outside of what it opens.
 */
export function shutByMounts(isWritable: (path: string) => boolean): View['isShut'] {
  return ({ door, path }) => {
    try {
      accessSync(door, constants.W_OK)
      return false
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      return code === 'EROFS' || (code === 'EACCES' && !isWritable(path))
    }
  }
}
