import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Foundation } from './app-foundation.ts'
import { openHosting } from './app-hosting.ts'
import { initScript } from './agents/init-script.ts'
import { type Account, canReach, systemAccount } from './db/embedded/account.ts'
import type { Route } from './http/implement.ts'
import { resolveOrganization } from './identity/organizations/organizations.ts'
import { openJobNotices } from './jobs/notices.ts'
import { startWorker } from './jobs/worker.ts'
import { isOurs, type Rescue } from './provisioning/abandoned-runs.ts'
import { openProvisioner } from './provisioning/provisioner.ts'
import { importHandler } from './templates/import.ts'
import { templateRoutes } from './templates/routes.ts'
import { importJob } from './templates/versions.ts'
import { dryRunHandler, dryRunJob, formJob } from './dry-runs/jobs.ts'
import { dryRunRoutes } from './dry-runs/routes.ts'
import { buildJob } from './workspaces/begin-build.ts'
import { buildHandler } from './workspaces/build-job.ts'
import type { LinkedAccounts } from './workspaces/owner-credentials.ts'
import { createWorkspaceMetrics } from './workspaces/metrics.ts'
import { rescueState } from './workspaces/rescue-state.ts'
import { startTending } from './workspaces/tend-workspaces.ts'
import { workspaceRoutes } from './workspaces/routes.ts'
import type { WorkspaceRoom } from './workspaces/workspace-room.ts'

/** Templates, the workspaces that are made of them, and whoever runs both. */
export interface Provisioning extends AsyncDisposable {
  readonly routes: readonly Route[]
  /** What tasks stand on as well. */
  readonly room: WorkspaceRoom
}

const accountName = 'reeve-terraform'
const formsAtOnce = 2
const foldersPrefix = 'reeve-runs-'

export async function startProvisioning(
  foundation: Foundation,
  url: string,
  accounts: LinkedAccounts,
): Promise<Provisioning> {
  const { config, db, keyring, clock, log, metrics } = foundation
  const measured = createWorkspaceMetrics(metrics, { db, clock, log })
  await using undo = new AsyncDisposableStack()
  const notices = undo.use(await openJobNotices(db.connection, log))
  const times = config.workspaceTimes
  const room: WorkspaceRoom = {
    db,
    notices,
    keyring,
    times,
    organizationOf: (actor, ref, needs) => resolveOrganization(db.sql, actor, ref, needs),
    clock,
    log,
  }
  const { provisioning } = config
  if (provisioning.count > 0) {
    const account = await systemAccount(accountName, {
      message: `templates are not run as root, and the system user ${accountName} cannot be made`,
      fix: `make it with: useradd --system ${accountName}, or set REEVE_PROVISIONER_DAEMONS=0`,
    })
    const settings = {
      ...provisioning,
      cacheFolder: join(config.dataDir, 'providers'),
      runsFolder: runsFolder(undo, config.dataDir, account),
      runsFoldersBefore: foldersElsewhere(),
      hidden: [config.dataDir],
    }
    const rescue: Rescue = (left) => rescueState({ db, keyring, clock, log }, left)
    const provisioner = undo.use(await openProvisioner({ settings, account, env: process.env, log, clock, rescue }))
    const given = { db, keyring, accessUrl: url, host: await openHosting(undo, foundation, url) }
    const dryRuns = dryRunHandler({ ...given, planner: provisioner })
    const { forceAfterMs, leaseMs } = provisioning
    const common = { db, notices, name: hostname(), forceAfterMs, leaseMs, clock, log, onEnd: measured.ended }
    const handlers = {
      [importJob]: importHandler({ ...given, importer: provisioner }),
      [buildJob]: buildHandler({ ...given, builder: provisioner, initScript, accounts, times, clock, log }),
      [dryRunJob]: dryRuns,
    }
    undo.use(startWorker({ ...common, handlers, count: provisioning.count }))
    // Somebody sits before a form: it does not wait behind builds that take minutes.
    undo.use(startWorker({ ...common, handlers: { [formJob]: dryRuns }, count: formsAtOnce }))
  }
  undo.use(startTending({ db, clock, log, onDone: measured.tended }))
  const running = undo.move()
  return {
    room,
    routes: [...templateRoutes(room), ...workspaceRoutes(room), ...dryRunRoutes(room)],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Where the account that Terraform runs as gets to; a data directory in somebody's home it does not. */
function runsFolder(undo: AsyncDisposableStack, dataDir: string, account: Account | null): string {
  if (account !== null && !canReach(account, dataDir)) {
    const folder = mkdtempSync(join(tmpdir(), foldersPrefix))
    chmodSync(folder, 0o711)
    undo.defer(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  }
  const folder = join(dataDir, 'runs')
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, account === null ? 0o700 : 0o711)
  return folder
}

/** Those that servers of ours have made where every user gets to, of which some may have been killed. */
function foldersElsewhere(): string[] {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(foldersPrefix))
  return names.map((name) => join(tmpdir(), name)).filter(isOurs)
}
