import { type Uuid, uuidv7 } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Tx } from './db/database.ts'
import { type TestDatabase, testDatabase } from './db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway/gateway-testing.ts'
import { bodyOf, record, startFacts, streamOf, testRecord, type TestRecord } from './gateway/testing.ts'
import { findSession } from './gateway/queries.ts'
import { getSessionTimeline } from './gateway/sessions.ts'
import { enqueueJob } from './jobs/jobs.ts'
import { finishJob } from './jobs/queries.ts'

/** The builds of a workspace, and the session that ran in it, in one database. */
let db: TestDatabase
let gateway: TestGateway
let kept: TestRecord
let dana: Person
let erin: Person

beforeAll(async () => {
  db = await testDatabase()
  gateway = await testGateway(db, 'http://127.0.0.1:9', {})
  kept = await testRecord({ db })
  const within = ['organization-workspace-access']
  dana = await person(db, 'dana', { within })
  erin = await person(db, 'erin', { within })
})
afterAll(async () => {
  await kept[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const began = Math.floor(Date.now() / 1_000) * 1_000 - 600_000
const at = (seconds: number): Date => new Date(began + seconds * 1_000)

type Build = readonly [transition: string, seconds: number, status?: 'succeeded' | 'failed']

/** A workspace of a person with what was done to it, and a key that its agent calls models with. */
async function workspaceOf(who: Person, name: string, builds: readonly Build[]): Promise<string> {
  const organization_id = who.actor.organizationIds[0]!
  const times = { created_at: at(-100), updated_at: at(-100) }
  const [file, version, template, workspace] = [at(0), at(0), at(0), at(0)].map(uuidv7) as [Uuid, Uuid, Uuid, Uuid]
  await db.transaction(async (tx) => {
    await tx
      .insertInto('uploaded_files')
      .values({
        id: file,
        sha256: Buffer.alloc(32, name),
        content: Buffer.from(name),
        content_type: 'application/x-tar',
        created_by: who.actor.userId,
        created_at: at(-100),
      }) // prettier-ignore
      .execute()
    const job = await jobOf(tx, organization_id, at(-100), null)
    const made = { organization_id, name, ...times }
    await tx
      .insertInto('template_versions')
      .values({ id: version, message: '', file_id: file, job_id: job, ...made })
      .execute()
    await tx
      .insertInto('templates')
      .values({ id: template, display_name: '', description: '', icon: '', active_version_id: version, ...made })
      .execute()
    await tx
      .insertInto('workspaces')
      .values({ id: workspace, owner_id: who.actor.userId, template_id: template, ...made })
      .execute()
    for (const [index, [transition, seconds, status = 'succeeded']] of builds.entries()) {
      const error = status === 'failed' ? 'it failed' : null
      const job_id = await jobOf(tx, organization_id, at(seconds), error)
      const row = { workspace_id: workspace, template_version_id: version, number: index + 1, transition }
      const when = { created_at: at(seconds), updated_at: at(seconds) }
      await tx
        .insertInto('workspace_builds')
        .values({ id: uuidv7(at(seconds)), job_id, reason: 'cli', ...row, ...when })
        .execute()
    }
    const key = { login_type: 'token', token_name: 'workspace', scopes: ['gateway'], lifetime_seconds: 3_600 }
    const bound = { user_id: who.actor.userId, workspace_id: workspace, expires_at: at(1e5), ...times }
    await tx
      .insertInto('api_keys')
      .values({ id: name, secret_sha256: Buffer.alloc(32, name), ...key, ...bound })
      .execute()
  })
  return name
}

async function jobOf(tx: Tx, organizationId: Uuid, now: Date, error: string | null): Promise<Uuid> {
  const id = await enqueueJob(tx, { type: 'test', organizationId, initiatorId: null, input: {}, now })
  await finishJob(tx, id, { error, errorCode: null }, new Date(now.getTime() + 2_000))
  return id
}

const prompt = { role: 'user', content: 'run the tests' }

async function ask(who: Person, apiKeyId: string, session: string, from: number, to: number): Promise<Uuid> {
  const owner = { userId: who.actor.userId, organizationId: who.actor.organizationIds[0]! }
  const given = {
    id: uuidv7(at(from)),
    clientSessionId: session,
    startedAt: at(from),
    actor: { ...owner, apiKeyId },
  }
  const id = await record(kept.recorder, startFacts(owner, bodyOf([prompt]), given), streamOf({ text: 'done' }), { endedAt: at(to) }) // prettier-ignore
  await kept.drain()
  return id
}

async function sessionOf(interception: Uuid): Promise<Uuid> {
  const asked = db.sql.selectFrom('interceptions').select('session_id').where('id', '=', interception)
  return (await asked.executeTakeFirstOrThrow()).session_id
}

async function timeline(who: Person, interception: Uuid, query: object = {}) {
  const id = await sessionOf(interception)
  const asked = { params: { id }, query: { reason: 'a review of this', ...query } }
  return endpoints.getSessionTimeline.result.parse(await gateway.call('getSessionTimeline', who.actor, asked))
}

/** As somebody reads it: the kinds of events, and builds where they stand. */
function readable({ events, builds }: Awaited<ReturnType<typeof timeline>>): string[] {
  const behind = (id: string | null) =>
    builds.filter(({ after }) => after === id).map(({ number, transition, status }) => `#${number} ${transition}: ${status}`) // prettier-ignore
  return [...behind(null), ...events.flatMap(({ id, kind }) => [kind, ...behind(id)])]
}

const spent: readonly Build[] = [
  ['start', -80],
  ['stop', -60],
  ['start', -10],
  ['stop', 20],
  ['start', 30, 'failed'],
  ['start', 32],
  ['stop', 60],
  ['start', 90],
]

test('a session shows how its workspace was started, paused and resumed, and nothing of other times', async () => {
  const key = await workspaceOf(dana, 'billing', spent)
  const first = await ask(dana, key, 'billing', 0, 5)
  await ask(dana, key, 'billing', 40, 45)
  expect(readable(await timeline(dana, first))).toEqual([
    '#3 start: running',
    'request',
    'prompt',
    'text',
    'end',
    '#4 stop: stopped',
    '#5 start: failed',
    '#6 start: running',
    'request',
    'text',
    'end',
    '#7 stop: stopped',
  ])
})

test('each page has the builds that stand behind its events', async () => {
  const key = await workspaceOf(dana, 'paged', spent)
  const first = await ask(dana, key, 'paged', 0, 5)
  await ask(dana, key, 'paged', 40, 45)
  const seen: number[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof timeline>> = await timeline(dana, first, { limit: 2, ...(after === null ? {} : { after }) }) // prettier-ignore
    for (const build of page.builds) {
      expect(build.after === null || page.events.some(({ id }) => id === build.after)).toBe(true)
      seen.push(build.number)
    }
    after = page.next
  } while (after !== null)
  expect(seen).toEqual([3, 4, 5, 6, 7])
})

test('what came after the session was found has its builds too', async () => {
  const key = await workspaceOf(dana, 'found', spent)
  const first = await ask(dana, key, 'found', 0, 5)
  const found = await findSession(db.sql, await sessionOf(first))
  await ask(dana, key, 'found', 40, 45)
  const none = async () => ({ lines: [], rest: [] })
  const page = await getSessionTimeline({ db, record: none }, dana.actor, found!, {}, () => true)
  expect(page.events.filter(({ kind }) => kind === 'request')).toHaveLength(2)
  expect(page.builds.map(({ number }) => number)).toEqual([3, 4, 5, 6, 7])
})

test('builds of somebody else’s workspace are not shown, whatever key a request came with', async () => {
  const key = await workspaceOf(erin, 'hers', spent)
  const first = await ask(dana, key, 'hers', 0, 5)
  expect((await timeline(dana, first)).builds).toEqual([])
})
