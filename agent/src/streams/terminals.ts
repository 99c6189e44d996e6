import type { Duplex } from 'node:stream'
import type { OfferedStream, StreamHandlers } from '@reeve/base'
import { recordOf, TerminalSize } from '@reeve/sdk'
import type { Place } from './place.ts'
import { duplexOf } from './duplex-of.ts'
import { openPty, type Pty } from './open-pty.ts'
import { createScrollback, type Scrollback } from './scrollback.ts'
import { end, feed, readRecords } from './run-process.ts'

/**
 * Terminals of this workspace. One with a session outlives its connection:
 *
 *   attach (new id) ──▶ attached ◀──▶ detached ──nobody came for `idleMs`──▶ ended
 *                          └──────── its shell ends ──────────────────────▶ ended
 *
 * Who comes back sees what was shown last. Several may look at once; the size is the one that was said last.
 */
export interface Terminals extends Disposable {
  attach(
    wanted: { readonly command: string; readonly size: TerminalSize; readonly session: string | null },
    offered: OfferedStream,
  ): StreamHandlers | string
}

interface Session {
  readonly pty: Pty
  readonly scrollback: Scrollback
  readonly viewers: Set<Duplex>
  idle: NodeJS.Timeout | null
}

const idleMs = 5 * 60_000
const sessionsMax = 32
/** Of one viewer; beyond it he has stopped reading, and the others do not wait for him. */
const waitingBytesMax = 1024 * 1024

export function createTerminals(place: Place, idleAfterMs = idleMs): Terminals {
  const sessions = new Set<Session>()
  const named = new Map<string, Session>()

  function begin(command: string, size: TerminalSize, name: string | null): Session {
    const viewers = new Set<Duplex>()
    const scrollback = createScrollback()
    const pty = openPty(command, size, place, {
      output(bytes) {
        scrollback.add(bytes)
        const record = recordOf('output', bytes)
        for (const viewer of viewers) show(viewer, record)
        holdBack()
      },
      exit(ending) {
        sessions.delete(session)
        if (name !== null) named.delete(name)
        if (session.idle !== null) clearTimeout(session.idle)
        for (const viewer of viewers) end(viewer, ending)
      },
    })
    function show(viewer: Duplex, record: Uint8Array): void {
      if (viewer.writableLength > waitingBytesMax) return void viewer.destroy()
      if (!viewer.write(record)) viewer.once('drain', holdBack)
    }
    /** The shell waits while nobody who looks has room; without anybody it goes on. */
    function holdBack(): void {
      const isFull = viewers.size > 0 && [...viewers].every(({ writableNeedDrain: full }) => full)
      pty.hold(isFull)
    }
    const session: Session = { pty, scrollback, viewers, idle: null }
    sessions.add(session)
    if (name !== null) named.set(name, session)
    return session
  }

  function join(session: Session, duplex: Duplex, isKept: boolean): void {
    const { pty, viewers } = session
    if (session.idle !== null) clearTimeout(session.idle)
    viewers.add(duplex)
    readRecords(duplex, ({ kind, bytes }) => {
      if (kind === 'input') return feed(pty.input, bytes, duplex)
      const size = kind === 'size' ? readSize(bytes) : null
      if (size !== null) pty.resize(size)
    })
    duplex.once('close', () => {
      viewers.delete(duplex)
      pty.hold(false)
      if (viewers.size > 0 || !sessions.has(session)) return
      if (!isKept) return pty.kill()
      session.idle = setTimeout(() => pty.kill(), idleAfterMs)
    })
  }

  return {
    attach({ command, size, session: name }, offered) {
      const known = name === null ? undefined : named.get(name)
      if (known === undefined && sessions.size >= sessionsMax) return 'too many terminals are open in this workspace'
      const [duplex, handlers] = duplexOf(offered)
      offered.take()
      const session = known ?? begin(command, size, name)
      if (known !== undefined) {
        duplex.write(recordOf('output', known.scrollback.read()))
        known.pty.resize(size)
      }
      join(session, duplex, name !== null)
      return handlers
    },
    [Symbol.dispose]() {
      for (const { pty, idle } of sessions) {
        if (idle !== null) clearTimeout(idle)
        pty.kill()
      }
    },
  }
}

function readSize(bytes: Uint8Array): TerminalSize | null {
  try {
    return TerminalSize.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? null
  } catch {
    return null
  }
}
