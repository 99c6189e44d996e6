import { type Clock, Fault, type Log } from '@reeve/base'
import type { Database, Executor, Tx } from '../db/database.ts'
import { keyFilePath, readKeyFile, writeKeyFile } from './key-file.ts'
import { contextOf, createKeyring, type Keyring } from './keyring.ts'
import { countSealed, insertKey, lockKeys, selectKeys, setRetired } from './queries.ts'
import { newKey, seal, type SealingKey, unseal } from './seal.ts'

/**
 * Finds the keys, and holds them against what the database knows. For each key the database has a known text, sealed: it
 * tells a missing or damaged key at the start, instead of at the first secret that somebody needs.
 *
 *   known ──something of the keyring seals with it──▶ needed: a start without it is refused
 *   needed ──it is not the first key, and everything was sealed again──▶ retired: it may be missing
 *   retired ──put in front again──▶ needed
 *
 * Nothing is written, in the database or on disk, before everything has been found in order.
 */
export interface KeyringOptions {
  readonly db: Database
  /** The keys that were configured, the sealing one first; null for the file in the data directory. */
  readonly keys: readonly SealingKey[] | null
  readonly dataDir: string
  /** Whether the first key may be made here, which it may unless said otherwise: of several servers one leads. */
  readonly mayMake?: boolean
  readonly clock: Clock
  readonly log: Log
  /** Puts on record that the database came to know a key, in the transaction in which it did. */
  readonly recordNewKey: (tx: Tx, keyId: string, at: Date) => Promise<void>
}

export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const { db, dataDir, log } = options
  const given = options.keys ?? readKeyFile(keyFilePath(dataDir))
  await checkKeys(db.sql, given ?? [])
  if (given === null && options.mayMake === false) throw noKeys(dataDir)
  const keys = given ?? [newKey()]
  if (given === null) {
    writeKeyFile(keyFilePath(dataDir), keys)
    log.info({ path: keyFilePath(dataDir), key_id: keys[0]?.id }, 'a key was made to seal secrets with')
  }
  await registerKeys(options, keys)
  // The key file may be given a new key, by another process of this machine or by hand, while this one runs.
  return createKeyring(keys, options.keys === null ? () => readKeyFile(keyFilePath(dataDir)) : () => null)
}

const noKeys = (dataDir: string): Fault =>
  new Fault('invalid', 'this server has no key to open what is sealed in the database', {
    fix:
      'give it the same REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS as the server with the role control, or a copy of its file ' +
      `keyring in ${dataDir}`,
  })

/** The same check, for before a migration: a server that lacks a key changes nothing at all. */
export async function checkKeysOf({
  db,
  keys,
  dataDir,
}: Pick<KeyringOptions, 'db' | 'keys' | 'dataDir'>): Promise<void> {
  await checkKeys(db.sql, keys ?? readKeyFile(keyFilePath(dataDir)) ?? [])
}

async function checkKeys(db: Executor, held: readonly SealingKey[]): Promise<void> {
  const known = await selectKeys(db)
  if (known.length === 0) return
  const isHeld = (id: string): boolean => held.some((key) => key.id === id)
  const inUse = await countSealed(db)
  const missing = known.filter(({ id, retired_at }) => !isHeld(id) && (retired_at === null || inUse.has(id)))
  if (missing.length > 0) {
    const names = missing.map(({ id }) => id).join(', ')
    const values = missing.reduce((sum, { id }) => sum + (inUse.get(id) ?? 0), 0)
    const has = held.length === 0 ? 'no key' : `only ${held.map(({ id }) => id).join(', ')}`
    throw new Fault(
      'invalid',
      `the database needs the key ${names} (${values} secrets are sealed with it), and this server has ${has}`,
      {
        fix:
          'give it the key: in REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS, or in the file keyring of the data directory from ' +
          'your copy. Nothing was changed. docs/admin/encryption.md says what to do when the key is lost',
      },
    )
  }
  for (const { id, sealed_check } of known) {
    const key = held.find((candidate) => candidate.id === id)
    if (key === undefined || unseal(key, sealed_check, checkContext(id))?.reveal() === checkText) continue
    throw new Fault('invalid', `the database's test value for the key ${id} does not open with it`, {
      fix: 'somebody changed the table keyring_keys: restore it from a backup. Nothing was changed',
    })
  }
}

/** Makes the database know each key, and the first one as needed. */
export async function registerKeys(
  { db, clock, log, recordNewKey }: Pick<KeyringOptions, 'db' | 'clock' | 'log' | 'recordNewKey'>,
  keys: readonly SealingKey[],
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockKeys(tx)
    // Again, under the lock: another replica may just have made itself known, with another key.
    await checkKeys(tx, keys)
    const known = new Map((await selectKeys(tx)).map((row) => [row.id, row]))
    for (const [index, key] of keys.entries()) {
      const row = known.get(key.id)
      const at = clock.now()
      if (row === undefined) {
        const sealed_check = seal(key, checkText, checkContext(key.id))
        await insertKey(tx, { id: key.id, sealed_check, created_at: at })
        await recordNewKey(tx, key.id, at)
        log.info({ key_id: key.id }, 'the keyring has a new key')
      } else if (index === 0 && row.retired_at !== null) await setRetired(tx, key.id, null)
    }
  })
}

const checkText = 'reeve'
const checkContext = (id: string): string => contextOf('keyring_keys', 'sealed_check', id)
