import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { Scope } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { builtInRoles, defaultMemberRoles, heldRoles, isImplied } from '../access/built-in-roles.ts'
import { type App, startApp } from '../app.ts'
import { readConfig } from '../config.ts'
import type { Connection } from '../db/connection.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { insertUser } from '../identity/queries.ts'
import { insertKey } from '../identity/tokens/queries.ts'
import { newToken } from '../identity/tokens/token.ts'
import { mintWorkspaceToken } from '../identity/tokens/workspace-tokens.ts'
import { keyFilePath, readKeyFile } from '../keyring/key-file.ts'
import { createKeyring, type Keyring } from '../keyring/keyring.ts'

/**
 * A whole server with somebody for each built-in role, in one of two organizations, and things of theirs. What each of
 * them may do is not written down here: the matrix computes it from `allows` and sees whether the server agrees.
 */

/** An id, and what the matrix knows of the person; the server is never asked. */
export interface Person {
  readonly id: Uuid
  readonly username: string
  readonly organizationId: Uuid
  readonly siteRoles: readonly string[]
  readonly memberRoles: readonly string[]
}

/** Whoever asks: a person with a credential, or nobody. */
export interface Asker {
  readonly name: string
  readonly person: Person
  readonly token: string | null
  /** Null for nobody. */
  readonly actor: Actor | null
}

export interface MatrixWorld extends AsyncDisposable {
  readonly app: App
  readonly db: TestDatabase
  /** `default`, which all askers are in, and another. */
  readonly home: Uuid
  readonly abroad: Uuid
  readonly owner: Person
  /** In the organization of the askers, and in the other one. */
  readonly peer: Person
  readonly stranger: Person
  readonly askers: readonly Asker[]
  /** With the keys of the server. */
  readonly keyring: Pick<Keyring, 'seal'>
  newPerson(organizationIds: readonly Uuid[], roles?: readonly string[]): Promise<Person>
  newKey(person: Person, how?: 'session' | 'token'): Promise<{ id: string; token: string }>
  ask(method: string, path: string, token: string | null, body?: unknown): Promise<{ status: number; json: unknown }>
  /** Something that is named once. */
  unique(prefix: string): string
}

const urlOf = (connection: Connection): string =>
  'url' in connection
    ? connection.url
    : `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`

export async function matrixWorld(): Promise<MatrixWorld> {
  await using undo = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'reeve-matrix-'))
  undo.defer(() => rm(folder, { recursive: true }))
  const db = undo.use(await testDatabase())
  const env = {
    REEVE_HTTP_ADDRESS: '127.0.0.1:0',
    REEVE_DATA_DIR: join(folder, 'data'),
    REEVE_POSTGRES_URL: urlOf(db.connection),
  }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  const app = await startApp({ config, version: '1.2.3', clock: systemClock, log: silentLog })
  undo.defer(() => app.stop(AbortSignal.abort()))
  const keyring = createKeyring(readKeyFile(keyFilePath(env.REEVE_DATA_DIR)) ?? [])

  let made = 0
  const unique = (prefix: string) => `${prefix}-${++made}`
  async function newPerson(
    organizationIds: readonly Uuid[],
    siteRoles: readonly string[] = [],
    username = unique('person'),
  ): Promise<Person> {
    const now = systemClock.now()
    const id = uuidv7(now)
    const email = `${username}@example.com`
    const row = { id, username, email, login_type: 'password', roles: [...siteRoles], created_at: now, updated_at: now }
    await db.transaction((tx) => insertUser(tx, row, organizationIds))
    return { id, username, organizationId: organizationIds[0] ?? '', siteRoles, memberRoles: defaultMemberRoles }
  }
  async function newKey(person: Person, how: 'session' | 'token' = 'session', scopes: readonly Scope[] = ['all']) {
    const { id, token, secretSha256 } = newToken()
    const now = systemClock.now()
    const row = {
      id,
      secret_sha256: secretSha256,
      user_id: person.id,
      login_type: how === 'token' ? 'token' : 'password',
      token_name: how === 'token' ? unique('token') : '',
      scopes: [...scopes],
      lifetime_seconds: 86_400,
      created_at: now,
      updated_at: now,
      expires_at: new Date(now.getTime() + 86_400_000),
    }
    await db.transaction((tx) => insertKey(tx, row))
    return { id, token: token.reveal() }
  }

  const { id: home } = await db.sql.selectFrom('organizations').select('id').executeTakeFirstOrThrow()
  const abroad = uuidv7(systemClock.now())
  await sql`insert into organizations (id, name, created_at, updated_at) values (${abroad}, 'abroad', now(), now())`.execute(
    db.sql,
  )
  const owner = await newPerson([home], ['owner'], 'asker-owner')
  const peer = await newPerson([home], [], 'peer')
  const stranger = await newPerson([abroad], [], 'stranger')

  const askers: Asker[] = []
  for (const { name, level } of builtInRoles) {
    const isSite = level === 'site'
    const person =
      name === 'owner' ? owner : await newPerson([home], isSite && !isImplied(name) ? [name] : [], `asker-${name}`)
    const memberRoles = isSite ? defaultMemberRoles : isImplied(name) ? [] : [name]
    await db.sql
      .updateTable('organization_members')
      .set({ roles: [...memberRoles] })
      .where('user_id', '=', person.id)
      .execute()
    const asker = { ...person, memberRoles }
    askers.push({ name, person: asker, token: (await newKey(person)).token, actor: actorOf(asker, ['all']) })
  }
  const scope = { actor: null, requestId: 'matrix', sourceIp: null, userAgent: null }
  const workspace = { userId: owner.id, workspaceId: uuidv7(systemClock.now()), lifetimeMs: 3_600_000, scope }
  const { token } = await db.transaction((tx) => mintWorkspaceToken(tx, { ...workspace, now: systemClock.now() }))
  askers.push({ name: 'agent', person: owner, token, actor: actorOf(owner, ['gateway']) })
  askers.push({ name: 'nobody', person: owner, token: null, actor: null })

  const resources = undo.move()
  // Each request comes from an address of its own, so that no limit of attempts is reached.
  let asked = 0x10000
  return {
    app,
    db,
    home,
    abroad,
    owner,
    peer,
    stranger,
    askers,
    keyring,
    newPerson,
    newKey,
    unique,
    ask: (method, path, token, body) =>
      askFrom(`127.${++asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`, app.url, {
        method,
        path,
        token,
        body,
      }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

async function askFrom(
  localAddress: string,
  url: string,
  given: { method: string; path: string; token: string | null; body: unknown },
): Promise<{ status: number; json: unknown }> {
  const { method, path, token, body } = given
  const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body))
  const headers = {
    ...(token === null ? {} : { 'Reeve-Session-Token': token }),
    ...(bytes === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': bytes.length }),
  }
  const req = request(new URL(path, url), { method, headers, localAddress, agent: false })
  req.end(bytes ?? undefined)
  // SAFETY: what `response` is emitted with.
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  const isJson = /^application\/json(?:;|$)/.test(res.headers['content-type'] ?? '')
  const json: unknown = isJson ? JSON.parse(Buffer.concat(await Array.fromAsync<Buffer>(res)).toString()) : undefined
  // Of a stream the rest would not come.
  res.destroy()
  return { status: res.statusCode ?? 0, json }
}

function actorOf(person: Person, scopes: readonly Scope[]): Actor {
  const { id, username, organizationId, siteRoles, memberRoles } = person
  return {
    userId: id,
    username,
    organizationIds: [organizationId],
    groupIds: [],
    roles: heldRoles(siteRoles, [{ organizationId, roles: memberRoles }]),
    apiKeyId: '',
    scopes,
    allowList: null,
  }
}
