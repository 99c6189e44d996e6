import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isUuid, toError } from '@reeve/base'
import type { Tier } from '@reeve/policy'
import { lockScope, lockSession } from './session-lock.ts'
import { makePrivateDirectory } from './state-directory.ts'

/** What is kept of a session beside its lines, for whoever has to finish it: no token, and not its private key. */
export interface SessionRecord {
  readonly id: string
  /** The control plane that it belongs to; null: the record stays on this machine. */
  readonly url: string | null
  /** Base name of the command. */
  readonly command: string
  readonly hostname: string
  readonly client_version: string
  readonly tier: Tier
  readonly jail: string
  readonly kernel: string
  /** Ed25519, raw, base64url. */
  readonly public_key: string
  readonly policy: string | null
  readonly started_at: string
  /** Where its lock is seen. */
  readonly lock_scope: string
}

export interface SessionDirectory extends AsyncDisposable {
  readonly path: string
  readonly record: SessionRecord
  /** Says that this session lives, to boundaries that cannot see its lock. */
  beat(now: Date): void
}

const recordName = 'session.json'
const heartbeatName = 'heartbeat'
/** What was said at the end; a session with it is over, and all that it had to deliver has arrived. */
const doneName = 'done'
export const heartbeatMs = 60_000
/** Without a heartbeat for so long, a session whose lock is free is over. */
const silenceMs = 10 * heartbeatMs

/** The place of a new session. It must be there before anything is decided. */
export async function createSessionDirectory(
  state: string,
  record: SessionRecord,
  { now, userId }: { readonly now: Date; readonly userId: number | null },
): Promise<SessionDirectory> {
  makePrivateDirectory(state, userId)
  const path = join(state, record.id)
  const lock = await lockSession(record.id)
  if (lock === null) throw new Fault('conflict', `the session ${record.id} is in use`)
  try {
    makePrivateDirectory(path, userId)
    writeFileSync(join(path, heartbeatName), '', { mode: 0o600 })
    // Durable with the first lines, or a little later: a command must not wait for a disk that is busy.
    writePrivate(join(path, recordName), `${JSON.stringify(record, null, 2)}\n`, { flush: false })
    void syncFile(join(path, recordName))
    const directory = held(path, record, lock)
    directory.beat(now)
    return directory
  } catch (thrown) {
    await lock[Symbol.asyncDispose]()
    throw thrown
  }
}

/** A session that another boundary left, when nobody lives in it and it is not done. */
export async function takeSessionDirectory(state: string, id: string, now: Date): Promise<SessionDirectory | null> {
  const path = join(state, id)
  if (existsSync(join(path, doneName))) return null
  const lock = await lockSession(id)
  if (lock === null) return null
  const record = readRecord(path)
  const unseen = record?.lock_scope !== lockScope()
  // Its lock would not be seen here, and there was a heartbeat just now: a container that shares this directory has it.
  if (record === null || (unseen && beatAgoMs(path, now) < silenceMs)) {
    await lock[Symbol.asyncDispose]()
    return null
  }
  return held(path, record, lock)
}

/** Ids of the sessions that are there, the oldest first. */
export function sessionIds(state: string): string[] {
  try {
    return readdirSync(state).filter(isUuid).toSorted()
  } catch {
    return []
  }
}

export function readRecord(path: string): SessionRecord | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(path, recordName), 'utf8'))
    if (typeof value !== 'object' || value === null || !('id' in value) || !('public_key' in value)) return null
    // SAFETY: written by `createSessionDirectory`, in a directory that only its owner can write to.
    return value as SessionRecord
  } catch {
    return null
  }
}

export const isDone = (path: string): boolean => existsSync(join(path, doneName))

/** Where it cannot be said the next boundary finishes the session once more, which changes nothing. */
export function markDone(path: string): void {
  try {
    writePrivate(join(path, doneName), '')
  } catch {
    // The disk is full, or somebody removed the directory.
  }
}

/** Sessions that are done are kept for a while, to be looked at; those that are not, until they are. */
export function removeOldSessions(state: string, now: Date, keepMs: number): string[] {
  const removed: string[] = []
  for (const id of sessionIds(state)) {
    const path = join(state, id)
    try {
      if (now.getTime() - statSync(join(path, doneName)).mtimeMs < keepMs) continue
      rmSync(path, { recursive: true })
      removed.push(id)
    } catch {
      // Not done, or somebody else removes it.
    }
  }
  return removed
}

/** Replaces a file in one step, so that a crash leaves the old one or the new one. */
export function writePrivate(path: string, text: string, { flush = true } = {}): void {
  const half = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`
  try {
    writeFileSync(half, text, { mode: 0o600, flag: 'wx', flush })
    renameSync(half, path)
  } catch (thrown) {
    rmSync(half, { force: true })
    throw new Fault('internal', `cannot write ${path}: ${toError(thrown).message}`, { cause: thrown })
  }
}

async function syncFile(path: string): Promise<void> {
  try {
    await using handle = await open(path)
    await handle.sync()
  } catch {
    // The lines say by themselves whether the disk takes anything.
  }
}

function held(path: string, record: SessionRecord, lock: AsyncDisposable): SessionDirectory {
  return {
    path,
    record,
    beat(now) {
      try {
        utimesSync(join(path, heartbeatName), now, now)
      } catch {
        // The disk is gone or the file is: the lock still says that we live.
      }
    },
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  }
}

function beatAgoMs(path: string, now: Date): number {
  try {
    return now.getTime() - statSync(join(path, heartbeatName)).mtimeMs
  } catch {
    return Infinity
  }
}
