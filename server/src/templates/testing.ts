import { silentLog, systemClock } from '@reeve/base'
import { pack } from 'tar-stream'
import type { Actor } from '../access/actor.ts'
import type { Route } from '../http/implement.ts'
import { resolveOrganization } from '../identity/organizations/organizations.ts'
import { type TestIdentity, testIdentity } from '../identity/testing.ts'
import { type JobNotices, openJobNotices } from '../jobs/notices.ts'
import { startWorker } from '../jobs/worker.ts'
import { closedHost } from '../provisioning/testing.ts'
import type { ImportResult } from '../provisioning/run.ts'
import { type Importer, importHandler } from './import.ts'
import type { Room } from './room.ts'
import { templateRoutes } from './routes.ts'
import { importJob } from './versions.ts'

/** The routes of this room over real sockets, and a worker whose imports find what a test says. */
export interface TemplateWorld extends AsyncDisposable {
  readonly identity: TestIdentity
  readonly room: Room
  upload(token: string, files: Readonly<Record<string, string>>): Promise<string>
  /** Pushes and waits for the import. */
  // oxlint-disable-next-line no-explicit-any -- as it comes over the wire
  push(token: string, files: Readonly<Record<string, string>>, body?: object): Promise<any>
  actorOf(token: string): Promise<Actor>
}

export const found = (changes: Partial<ImportResult> = {}): ImportResult => ({
  failure: null,
  variables: [],
  readme: '',
  tags: {},
  parameters: [],
  presets: [],
  externalAuth: [],
  start: [],
  stop: [],
  hasAiTask: false,
  hasExternalAgent: false,
  isFormDynamic: false,
  modulesName: [],
  engineVersion: 'terraform 1.11.4',
  timings: [],
  ...changes,
})

/** What rooms with jobs stand on in a test, which serves their routes. */
export async function testRoom(
  undo: AsyncDisposableStack,
  routes: (room: Room) => readonly Route[],
): Promise<{ readonly identity: TestIdentity; readonly room: Room; readonly notices: JobNotices }> {
  let notices: JobNotices | null = null
  let room: Room | null = null
  const identity = undo.use(
    await testIdentity({
      routes: ({ db, clock }, keyring) => {
        room = {
          db,
          keyring,
          notices: { on: (hear) => notices!.on(hear), [Symbol.asyncDispose]: async () => {} },
          organizationOf: (actor, ref, needs) => resolveOrganization(db.sql, actor, ref, needs),
          clock,
          log: silentLog,
        }
        return routes(room)
      },
    }),
  )
  notices = undo.use(await openJobNotices(identity.db.connection, silentLog))
  return { identity, room: room!, notices }
}

export async function templateWorld(importer: Importer): Promise<TemplateWorld> {
  await using undo = new AsyncDisposableStack()
  const { identity, room, notices } = await testRoom(undo, templateRoutes)
  const { db, keyring, call } = identity
  const handler = importHandler({ db, keyring, importer, accessUrl: 'https://reeve.test', host: closedHost })
  undo.use(
    startWorker({
      db,
      notices,
      handlers: { [importJob]: handler },
      count: 2,
      name: 'test',
      forceAfterMs: 60_000,
      leaseMs: 60_000,
      clock: systemClock,
      log: silentLog,
    }),
  )

  async function upload(token: string, files: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(`${identity.url}/api/v2/files`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar', 'Reeve-Session-Token': token },
      body: new Uint8Array(await tarOf(files)),
    })
    // SAFETY: tests look at what comes.
    const json = (await response.json()) as { hash?: string }
    if (json.hash === undefined) throw new Error(`not uploaded: ${response.status} ${JSON.stringify(json)}`)
    return json.hash
  }

  async function push(token: string, files: Readonly<Record<string, string>>, body: object = {}) {
    const path = '/api/v2/organizations/default/templateversions'
    const made = await call('POST', path, { token, body: { file_id: await upload(token, files), ...body } })
    if (made.status !== 201) return made.json
    const deadline = performance.now() + 150_000
    for (;;) {
      const { json } = await call('GET', `/api/v2/templateversions/${made.json.id}`, { token })
      if (json.job.completed_at !== null || performance.now() > deadline) return json
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  const resources = undo.move()
  return {
    identity,
    room,
    upload,
    push,
    async actorOf(token) {
      const actor = await identity.authenticator.authenticate(token)
      if (actor === null) throw new Error('this token is nobody’s')
      return actor
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

export async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack()
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text)
  archive.finalize()
  return Buffer.concat(await Array.fromAsync(archive))
}
