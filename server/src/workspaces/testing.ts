import { silentLog, systemClock } from '@reeve/base'
import type { Route } from '../http/implement.ts'
import type { TestIdentity } from '../identity/testing.ts'
import { closedHost } from '../provisioning/testing.ts'
import { openJobNotices } from '../jobs/notices.ts'
import { startWorker, type WorkerOptions } from '../jobs/worker.ts'
import type { AgentPlatform } from '../provisioning/build-context.ts'
import { testProvisioner } from '../provisioning/testing-provisioner.ts'
import { importHandler, type Importer } from '../templates/import.ts'
import type { Room } from '../templates/room.ts'
import { templateRoutes } from '../templates/routes.ts'
import { tarOf, testRoom } from '../templates/testing.ts'
import { importJob } from '../templates/versions.ts'
import { buildJob } from './begin-build.ts'
import { type Builder, buildHandler } from './build-job.ts'
import type { Times } from './deadlines.ts'
import type { LinkedAccounts } from './owner-credentials.ts'
import { workspaceRoutes } from './routes.ts'
import type { WorkspaceRoom } from './workspace-room.ts'

/** As a deployment has them that says nothing of it. */
export const testTimes: Times = {
  taskIdleMs: 30 * 60_000,
  quietHours: { pattern: '0 0 * * *', timeZone: 'UTC' },
}

/** Templates and workspaces over real sockets, with workers that run the real Terraform, or what a test puts before it. */
export interface WorkspaceWorld extends AsyncDisposable {
  readonly identity: TestIdentity
  readonly room: Room
  readonly provisioner: Importer & Builder
  // oxlint-disable-next-line no-explicit-any -- as it comes over the wire
  call(method: string, path: string, token: string, body?: unknown): Promise<{ status: number; json: any }>
  /** A template that is one file, imported. */
  // oxlint-disable-next-line no-explicit-any -- as above
  template(token: string, name: string, source: string, body?: object): Promise<any>
  // oxlint-disable-next-line no-explicit-any -- as above
  version(token: string, source: string, body?: object): Promise<any>
  /** The build when its job has ended. */
  // oxlint-disable-next-line no-explicit-any -- as above
  built(token: string, buildId: string): Promise<any>
  worker(
    builder: Builder,
    options?: Partial<WorkerOptions>,
    accounts?: Partial<LinkedAccounts>,
  ): Promise<AsyncDisposable>
}

const noAccounts: LinkedAccounts = {
  providers: [],
  accessTokenFor: () => Promise.reject(new Error('nobody has linked an account')),
  oidcAccessTokenOf: () => Promise.resolve(null),
  validate: () => Promise.resolve({ state: 'unchecked', detail: '' }),
  accessUrl: 'https://reeve.test',
}

/** With the routes of rooms that stand on this one. */
export async function workspaceWorld(
  more: (room: WorkspaceRoom) => readonly Route[] = () => [],
): Promise<WorkspaceWorld> {
  await using undo = new AsyncDisposableStack()
  const { identity, room, notices } = await testRoom(undo, (shared) => [
    ...templateRoutes(shared),
    ...workspaceRoutes({ ...shared, times: testTimes }),
    ...more({ ...shared, times: testTimes }),
  ])
  const { provisioner } = undo.use(await testProvisioner())
  const { db, keyring } = identity
  const common = { db, keyring, accessUrl: 'https://reeve.test', host: closedHost }
  const initScript = ({ accessUrl }: AgentPlatform): string => `exec agent ${accessUrl}`
  const each = { count: 2, name: 'test', forceAfterMs: 60_000, leaseMs: 60_000, clock: systemClock, log: silentLog }
  const handlers = { [importJob]: importHandler({ ...common, importer: provisioner }) }
  undo.use(startWorker({ db, notices, handlers, ...each }))

  const call: WorkspaceWorld['call'] = (method, path, token, body) =>
    identity.call(method, `/api/v2/${path}`, { token, ...(body === undefined ? {} : { body }) })

  // oxlint-disable-next-line no-explicit-any -- as it comes over the wire
  async function ended(path: string, token: string): Promise<any> {
    for (const deadline = performance.now() + 150_000; ;) {
      const { json } = await call('GET', path, token)
      if (json.job.completed_at !== null || performance.now() > deadline) return json
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async function version(token: string, source: string, body: object = {}) {
    const response = await fetch(`${identity.url}/api/v2/files`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar', 'Reeve-Session-Token': token },
      body: new Uint8Array(await tarOf({ 'main.tf': source })),
    })
    // SAFETY: tests look at what comes.
    const { hash } = (await response.json()) as { hash: string }
    const made = await call('POST', 'organizations/default/templateversions', token, { file_id: hash, ...body })
    return ended(`templateversions/${made.json.id}`, token)
  }

  const resources = undo.move()
  return {
    identity,
    room,
    provisioner,
    call,
    version,
    async template(token, name, source, body = {}) {
      const { id, job } = await version(token, source)
      if (job.status !== 'succeeded') throw new Error(`not imported: ${job.error}`)
      const made = await call('POST', 'organizations/default/templates', token, {
        name,
        template_version_id: id,
        ...body,
      })
      return made.json
    },
    built: (token, buildId) => ended(`workspacebuilds/${buildId}`, token),
    async worker(builder, options = {}, accounts = {}) {
      const own = await openJobNotices(db.connection, silentLog)
      const handler = buildHandler({
        ...common,
        builder,
        initScript,
        accounts: { ...noAccounts, ...accounts },
        times: testTimes,
        clock: systemClock,
        log: silentLog,
      })
      const worker = startWorker({ db, notices: own, handlers: { [buildJob]: handler }, ...each, ...options })
      return {
        async [Symbol.asyncDispose]() {
          await worker[Symbol.asyncDispose]()
          await own[Symbol.asyncDispose]()
        },
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
