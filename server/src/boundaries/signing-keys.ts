import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Clock } from '@reeve/base'
import type { BoundaryKey, PolicyBundle } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { contextOf, type Keyring } from '../keyring/keyring.ts'

/**
 * What bundles are signed with. All replicas have the same keys, sealed in the database. A boundary pins the keys that it
 * learnt, and each bundle names the ones of the time to come: a new key is told for a week before it signs, and is made
 * when the newest one is half a year old.
 */
export interface BundleSigner {
  /** Those that a boundary is to trust, the one that signs first. */
  keys(): Promise<readonly BoundaryKey[]>
  sign(payload: string): Promise<PolicyBundle>
}

const day = 86_400_000
const knownForMs = 7 * day
const newAfterMs = 180 * day
/** Keys are looked up again so often. */
const freshMs = 60_000

interface Held extends BoundaryKey {
  readonly secret: KeyObject
  readonly createdAt: Date
}

export function createBundleSigner(options: {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly clock: Clock
}): BundleSigner {
  const { db, keyring, clock } = options
  let held: { readonly keys: readonly Held[]; readonly at: number } | null = null

  async function load(): Promise<readonly Held[]> {
    const now = clock.now()
    if (held !== null && now.getTime() - held.at < freshMs) return held.keys
    const newest = (await read())[0]
    if (newest === undefined || now.getTime() - newest.createdAt.getTime() > newAfterMs) await makeKey(now)
    held = { keys: await read(), at: now.getTime() }
    return held.keys
  }

  /** The newest first. */
  async function read(): Promise<Held[]> {
    const rows = await db.sql
      .selectFrom('boundary_signing_keys')
      .selectAll()
      .orderBy('created_at', 'desc')
      .limit(3)
      .execute()
    return rows.map((row) => ({
      id: row.id,
      public_key: row.public_key,
      secret: createPrivateKey(keyring.open(row.secret, contextOf('boundary_signing_keys', 'secret', row.id)).reveal()),
      createdAt: row.created_at,
    }))
  }

  /** One replica makes it; the others find it. */
  async function makeKey(now: Date): Promise<void> {
    const { privateKey } = generateKeyPairSync('ed25519')
    const publicKey = privateKey.export({ format: 'jwk' }).x ?? ''
    const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 16)
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const secret = keyring.seal(pem, contextOf('boundary_signing_keys', 'secret', id))
    await db.transaction(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtext('boundary_signing_keys'))`.execute(tx)
      const recent = new Date(now.getTime() - newAfterMs)
      const made = await tx.selectFrom('boundary_signing_keys').select('id').where('created_at', '>=', recent).execute()
      if (made.length > 0) return
      await tx
        .insertInto('boundary_signing_keys')
        .values({ id, public_key: publicKey, secret, created_at: now })
        .execute()
    })
  }

  /** The newest that everybody had time to learn of; the only one, where there is no other. */
  async function ordered(): Promise<readonly [Held, ...Held[]]> {
    const keys = await load()
    const known = clock.now().getTime() - knownForMs
    const signing = keys.find(({ createdAt }) => createdAt.getTime() <= known) ?? keys.at(-1)
    if (signing === undefined) throw new Error('there is no key to sign policies with')
    return [signing, ...keys.filter((key) => key !== signing)]
  }

  return {
    keys: async () => (await ordered()).map(({ id, public_key }) => ({ id, public_key })),
    async sign(payload) {
      const [{ id, secret }] = await ordered()
      return { payload, key_id: id, signature: sign(null, Buffer.from(payload), secret).toString('base64url') }
    },
  }
}
