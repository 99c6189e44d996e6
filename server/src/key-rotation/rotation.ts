import { type Clock, Fault, type Log, toError, uuidv7 } from '@reeve/base'
import type { KeyringReport } from '@reeve/sdk'
import { Gauge, type Registry } from 'prom-client'
import { appendAudit, type AuditEntry } from '../audit/journal.ts'
import type { Database, Tx } from '../db/database.ts'
import type { Scope } from '../http/implement.ts'
import { keyFilePath, readKeyFile, writeKeyFile } from '../keyring/key-file.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { registerKeys } from '../keyring/open-keyring.ts'
import { countByColumn, selectKeys } from '../keyring/queries.ts'
import { sealedColumns } from '../keyring/sealed-columns.ts'
import { resealAll, type Resealed } from '../keyring/reseal.ts'
import { newKey } from '../keyring/seal.ts'
import { keyAdded, keyringChanged, type KeyringEvent, rotationAsked } from './events.ts'

/**
 * Changing the key, while everything goes on. A configured key is changed by putting a new one in front and starting
 * again; what is sealed with another is then sealed again in the background. The key that Reeve made for itself is
 * changed on request. Either way the old key opens until nothing is sealed with it, and the report says when that is.
 */
export interface RotationOptions {
  readonly db: Database
  readonly keyring: Keyring
  /** Whether the keys were configured; otherwise they are in the key file of the data directory. */
  readonly configured: boolean
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}

export interface Rotation extends AsyncDisposable {
  report(): Promise<KeyringReport>
  /** Seals everything with the first key; a key of Reeve's own is changed for a new one first. */
  rotate(scope: Scope): Promise<Resealed>
}

const everyMs = 10 * 60_000

export function startRotation(options: RotationOptions): Rotation {
  const { db, keyring, configured, dataDir, clock, log } = options
  const stopping = new AbortController()
  const path = keyFilePath(dataDir)
  let running: Promise<unknown> = Promise.resolve()
  let walks = 0
  const unreadable = new Gauge({
    name: 'reeve_keyring_unreadable_values',
    help: 'Sealed values that no key of this server opened when it last looked. Anything but 0 is lost or was changed.',
    registers: [options.metrics],
  })

  /** One walk at a time; who comes meanwhile waits for a walk that begins after he came. */
  function reseal(scope: AuditEntry['scope']): Promise<Resealed> {
    const record = (tx: Tx, change: Parameters<typeof keyringChanged>[0], at: Date) =>
      append(tx, scope, keyringChanged(change), at)
    const walk = running.then(() => resealAll({ db, keyring, clock, log, record, signal: stopping.signal }))
    walks++
    running = walk
      .then(
        (done) => unreadable.set(done.unreadable),
        () => {},
      )
      .finally(() => walks--)
    return walk
  }

  function resealInBackground(): void {
    reseal(systemScope(clock)).then(
      ({ resealed }) => {
        if (resealed > 0) log.info({ resealed, key_id: keyring.keyIds()[0] }, 'secrets sealed with the first key')
      },
      (thrown: unknown) => {
        if (!stopping.signal.aborted) log.warn({ err: toError(thrown) }, 'secrets not sealed with the first key yet')
      },
    )
  }

  async function makeNewKey(scope: Scope): Promise<void> {
    const file = readKeyFile(path)
    const [sealing] = keyring.keyIds()
    if (file === null || sealing === undefined || file[0]?.id !== sealing) {
      throw new Fault('conflict', `the key file ${path} is not the one that this server started with`, {
        fix: 'put it back, or start the server again',
      })
    }
    const keys = [newKey(), ...file]
    // In this order: what is sealed with a key can always be opened with what is on disk.
    writeKeyFile(path, keys)
    await registerKeys({ db, clock, log, recordNewKey: recordNewKey(scope) }, keys)
    keyring.adopt(keys)
    await db.transaction((tx) => append(tx, scope, rotationAsked(sealing, keys[0]?.id ?? ''), clock.now()))
  }

  const timer = setInterval(resealInBackground, everyMs)
  timer.unref()
  resealInBackground()
  return {
    report: () => report(options, walks > 0),
    async rotate(scope) {
      const { keys } = await report(options, walks > 0)
      const isUnfinished = keys.some(({ seals, values }) => !seals && values > 0)
      // After a rotation that was cut short, the key that it made is new enough.
      if (!configured && !isUnfinished) await makeNewKey(scope)
      return reseal(scope)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stopping.abort()
      await running
    },
  }
}

async function report({ db, keyring, configured }: RotationOptions, resealing: boolean): Promise<KeyringReport> {
  const [known, counts] = await Promise.all([selectKeys(db.sql), countByColumn(db.sql)])
  const heldIds = keyring.keyIds()
  const sum = (matches: (count: (typeof counts)[number]) => boolean) =>
    counts.filter(matches).reduce((total, { values }) => total + values, 0)
  const valuesOf = (id: string) => sum(({ keyId }) => keyId === id)
  const keys = known
    .filter(({ id }) => heldIds.includes(id) || valuesOf(id) > 0)
    .toSorted((a, b) => heldIds.indexOf(a.id) - heldIds.indexOf(b.id))
    .map(({ id, created_at, retired_at }) => ({
      id,
      created_at: created_at.toISOString(),
      seals: id === heldIds[0],
      held: heldIds.includes(id),
      values: valuesOf(id),
      removable: retired_at !== null && valuesOf(id) === 0 && id !== heldIds[0],
    }))
  const places = sealedColumns.map((column) => ({
    table: column.table,
    column: column.column,
    values: sum((count) => count.column === column),
    left: sum((count) => count.column === column && count.keyId !== heldIds[0]),
  }))
  const readable = keys.filter(({ held }) => held).reduce((total, { values }) => total + values, 0)
  return { source: configured ? 'configured' : 'file', keys, places, resealing, unreadable: sum(() => true) - readable }
}

/** For the start of the server: nobody asked for it but whoever configured it. */
export const recordNewKey =
  (scope: AuditEntry['scope']) =>
  (tx: Tx, keyId: string, at: Date): Promise<void> =>
    append(tx, scope, keyAdded(keyId), at)

export const systemScope = (clock: Clock): AuditEntry['scope'] => ({
  actor: null,
  requestId: uuidv7(clock.now()),
  sourceIp: null,
  userAgent: null,
})

const append = (tx: Tx, scope: AuditEntry['scope'], event: KeyringEvent, at: Date): Promise<void> =>
  appendAudit(tx, { scope, at, ...event })
