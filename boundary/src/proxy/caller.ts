import type { EventProcess } from '../audit/event.ts'
import type { Caller } from '../jail/jail.ts'

/** What the record says of who made a connection; null where nobody could tell. */
export const processOf = (caller: Caller | null): EventProcess | null =>
  caller === null ? null : { pid: caller.pid, exe: caller.exe, argv: caller.argv, tree: caller.tree }
