import { type Clock, Fault, type Log, Secret, toError, type Uuid, uuidv7 } from '@reeve/base'
import type { AuditEntry } from '../audit/journal.ts'
import type { Database, Tx } from '../db/database.ts'
import { endWorkspaceTokens, mintWorkspaceToken } from '../identity/tokens/workspace-tokens.ts'
import type { JobRow } from '../jobs/queries.ts'
import type { JobHandler, JobResult, JobTools } from '../jobs/worker.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { BuildContext } from '../provisioning/build-context.ts'
import { failure } from '../provisioning/diagnostic.ts'
import { readArchive } from '../provisioning/read-archive.ts'
import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import { isConfiguration } from '../provisioning/configuration.ts'
import type { OwnerWord } from '../provisioning/downloaded-modules.ts'
import type { SourceFile } from '../provisioning/source-file.ts'
import type { Found } from '../templates/found.ts'
import { runTools, variablesOf } from '../templates/import.ts'
import { findFile, findVersion } from '../templates/version-queries.ts'
import type { Times } from './deadlines.ts'
import { foundIn } from './begin-build.ts'
import { contextOfBuild } from './build-context.ts'
import {
  askAgentsToStop,
  type BuildRow,
  endAgentTokens,
  findBuild,
  findState,
  isHeldBy,
  isLatest,
  keepState,
} from './build-queries.ts'
import { keepAbandoned, keepResult } from './keep-result.ts'
import { agentsStopped } from './stop-agents.ts'
import { credentialsOf, type LinkedAccounts } from './owner-credentials.ts'
import { takeQuota } from './quota.ts'
import { keepStates, openState, sealState } from './state.ts'

/** What makes and unmakes things; `provisioning` has the one that runs Terraform. */
export interface Builder {
  apply(run: BuildRun): Promise<BuildResult>
  destroy(run: BuildRun): Promise<BuildResult>
}

export interface BuildOptions {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly builder: Builder
  /** Where agents and people reach the deployment. */
  readonly accessUrl: string
  /** What a machine runs to become the agent. */
  readonly initScript: BuildContext['initScript']
  readonly accounts: LinkedAccounts
  /** When what was started stops by itself. */
  readonly times: Times
  /** Where processes of workspaces run on this machine. */
  readonly host: BuildContext['host']
  readonly clock: Clock
  readonly log: Log
}

/**
 * The job that starts, stops or deletes a workspace. It goes on from the state of the builds before, and whatever becomes
 * of it, what Terraform knows at its end is kept in the transaction that ends the job. When its worker dies, the state
 * that it kept last stays: the next build goes on from there.
 */
export function buildHandler(options: BuildOptions): JobHandler {
  return {
    async run(job, tools) {
      const build = await buildOf(options.db, job)
      const result = build.orphan
        ? nothingDone
        : await carryOut(options, build, job, tools).catch((thrown: unknown) => failed(options.log, build, thrown))
      return ended(options, build, result)
    },
    async abandoned(tx, job, at) {
      const build = await findBuild(tx, buildIdOf(job))
      if (build !== undefined) await keepAbandoned(tx, { build, isCanceled: job.canceled_at !== null, at })
    },
  }
}

const nothingDone: BuildResult = {
  state: null,
  failure: null,
  resources: [],
  aiTasks: [],
  parameters: new Map(),
  dailyCost: 0,
  timings: [],
}

/** Also a build that did not get as far as Terraform ends in order: with what it was given taken back. */
function failed(log: Log, build: BuildRow, thrown: unknown): BuildResult {
  if (thrown instanceof Fault) return { ...nothingDone, failure: failure(thrown.message) }
  log.error({ err: toError(thrown), build: build.id }, 'a build failed')
  return { ...nothingDone, failure: failure('Reeve failed; its log says how.') }
}

const ended = ({ keyring, times, log }: BuildOptions, build: BuildRow, result: BuildResult): JobResult => ({
  error: result.failure?.message ?? null,
  errorCode: result.failure?.code ?? null,
  write: (tx, at) => keepResult(tx, { keyring, build, result, times, at }),
  async writeLate(tx, at) {
    if (result.state === null) return
    await keepState(tx, build.id, sealState(keyring, build.id, result.state), at)
    if (!(await isLatest(tx, build)))
      log.error({ build: build.id, workspace: build.workspace_id }, 'another build has begun without this one’s state')
  },
})

async function carryOut(
  { db, keyring, builder, accessUrl, initScript, accounts, host, clock, log }: BuildOptions,
  build: BuildRow,
  job: JobRow,
  tools: JobTools,
): Promise<BuildResult> {
  const [version, file, kept] = await Promise.all([
    findVersion(db.sql, build.template_version_id),
    job.file_id === null ? undefined : findFile(db.sql, job.file_id),
    findState(db.sql, build),
  ])
  if (version === undefined || file === undefined) throw new Fault('not_found', 'the version is gone')
  // Nothing was ever made, and nothing has to be run for it to go away.
  if (kept === undefined && build.transition === 'delete') return nothingDone
  const source = await readArchive(file.content)
  const found = foundIn(version)
  const names = namedBy(source, found)
  const sessionToken = await openCredentials()
  if (build.transition !== 'start') await agentsStopped(db.sql, build.workspace_id, { clock, signal: tools.signal })
  const credentials = await credentialsOf(
    { db, keyring, clock, accounts },
    {
      ownerId: build.owner_id,
      isStart: build.transition === 'start',
      needs: found.externalAuth,
      names,
    },
  )
  const states = keepStates({ db, keyring, buildId: build.id, job, clock, log })
  const run: BuildRun = {
    source,
    context: await contextOfBuild(db.sql, { build, accessUrl, initScript, host, sessionToken, credentials }),
    variables: variablesOf(version, keyring),
    state: kept === undefined ? null : openState(keyring, kept),
    onState: states.keep,
    // What goes away, or becomes less, is not asked about.
    ...(build.transition === 'start' ? { approve: ({ dailyCost }) => takeQuota(db, build, dailyCost) } : {}),
    ...runTools(tools),
  }
  const result = await (build.transition === 'delete' ? builder.destroy(run) : builder.apply(run))
  await states.settled()
  return result

  /**
   * What the builds before were given ends as this one begins; but the agent of what is stopped is told so, and heard to
   * its end, since what its scripts say then is worth keeping, and calls no models. A start gets a token that calls models
   * for the owner and does nothing else, where the template puts it somewhere; otherwise nobody has one.
   */
  function openCredentials(): Promise<Secret | null> {
    const { workspace_id: workspaceId, owner_id: userId } = build
    const now = clock.now()
    const scope = serverScope(now)
    return db.transaction(async (tx) => {
      await demandHeld(tx, job)
      await endWorkspaceTokens(tx, workspaceId, { now, scope })
      if (build.transition !== 'start') {
        await askAgentsToStop(tx, workspaceId, now)
        return null
      }
      await endAgentTokens(tx, workspaceId)
      if (!names('session_token')) return null
      const minted = await mintWorkspaceToken(tx, { userId, workspaceId, lifetimeMs: tokenLifetimeMs, now, scope })
      return new Secret(minted.token)
    })
  }
}

/** It ends with the stop; this is for a workspace that nobody ever stops. */
const tokenLifetimeMs = 365 * 86_400_000

const serverScope = (now: Date): AuditEntry['scope'] => ({
  actor: null,
  requestId: uuidv7(now),
  sourceIp: null,
  userAgent: null,
})

async function demandHeld(tx: Tx, job: JobRow): Promise<void> {
  if (await isHeldBy(tx, job.id, job.worker_id)) return
  throw new Fault('conflict', 'the build is not this server’s any more')
}

/** By its name in any file that Terraform reads, or in those of the modules that the import fetched. */
const namedBy =
  (source: readonly SourceFile[], { modulesName = [] }: Found) =>
  (word: OwnerWord): boolean =>
    modulesName.includes(word) || source.some(({ path, content }) => isConfiguration(path) && content.includes(word))

async function buildOf({ sql: db }: Database, job: JobRow): Promise<BuildRow> {
  const build = await findBuild(db, buildIdOf(job))
  if (build === undefined) throw new Fault('not_found', 'the build is gone')
  return build
}

export function buildIdOf({ input }: JobRow): Uuid {
  // SAFETY: enqueued by this room.
  return (input as { readonly workspace_build_id: Uuid }).workspace_build_id
}
