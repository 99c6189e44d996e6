import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { type Clock, Fault, type Log } from '@reeve/base'
import { clearAbandoned, removeEmpty, type Rescue } from './abandoned-runs.ts'
import { buildWorkspace, destroyWorkspace } from './build.ts'
import { closeNetworks, type Network } from './closed-networks.ts'
import { failure } from './diagnostic.ts'
import { type Engine, findEngine, type Missing } from './engine.ts'
import { openHclReader } from './hcl-reader.ts'
import { importVersion } from './import-version.ts'
import { planWorkspace } from './plan.ts'
import type { BuildResult, BuildRun, Failed, ImportResult, PlanResult, Run } from './run.ts'
import { serveProvider } from './provider/serve-provider.ts'
import { type Account, type Isolation, openSandbox, type Sandbox, type SandboxSettings, whyNot } from './sandbox.ts'
import type { Tools } from './terraform.ts'

export interface ProvisionerSettings extends SandboxSettings {
  /** The program; null looks for it in the PATH. */
  readonly terraformPath: string | null
  /** Providers in the layout of `terraform providers mirror`. With it nothing is downloaded. */
  readonly mirror: string | null
  /** Where downloaded providers are kept for the next run. */
  readonly cacheFolder: string
  readonly runsFolder: string
  /** Where other servers have theirs, of which some may have been killed. */
  readonly runsFoldersBefore?: readonly string[]
  /** Where templates do not get to; where that cannot be held, none is run. */
  readonly closedNetworks?: readonly Network[]
  /** Names of variables of `env` that templates get to see. */
  readonly passedVariables: readonly string[]
}

/** Runs templates with Terraform or OpenTofu. Where there is neither, each run fails and says what to do. */
export interface Provisioner extends AsyncDisposable {
  readonly engine: Engine | Missing
  /** Null where templates cannot be isolated, and are not run. */
  readonly isolation: Isolation | null
  importVersion(run: Run): Promise<ImportResult | Failed>
  /** What a start or stop with these values would make. */
  plan(run: Run): Promise<PlanResult | Failed>
  apply(run: BuildRun): Promise<BuildResult>
  destroy(run: BuildRun): Promise<BuildResult>
}

export interface ProvisionerOptions {
  readonly settings: ProvisionerSettings
  /** Null where the server is not root; runs then are of its own user. */
  readonly account: Account | null
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
  readonly clock: Clock
  /** Is given the states that builds left whose server was killed, before any build begins. */
  readonly rescue: Rescue
  /** For tests, which serve stand-ins for the providers of clouds beside it. */
  readonly serve?: typeof serveProvider
}

export async function openProvisioner(options: ProvisionerOptions): Promise<Provisioner> {
  const { settings, account, env, log, clock, rescue, serve = serveProvider } = options
  const found = await findEngine(settings.terraformPath, env, log)
  const closed = closeNetworks(account, settings.closedNetworks ?? [])
  const sandbox = await closed
    .then(() => openSandbox(settings, account, log))
    .catch((thrown: unknown) => {
      if (thrown instanceof Fault) return thrown
      throw thrown
    })
  if (sandbox instanceof Fault) log.warn({ problem: sandbox.message, fix: sandbox.fix }, 'templates cannot be run')
  const isolation = sandbox instanceof Fault ? null : sandbox.kind
  const engine = sandbox instanceof Fault ? found : await runsInside(found, sandbox)
  if (engine.name === null) log.warn({ problem: engine.problem }, 'templates cannot be run')
  if (engine.name !== null && isolation !== null) {
    log.info({ engine: engine.name, version: engine.version, path: engine.path, isolation }, 'templates are run')
  }
  const abandoned = await clearAbandoned(settings.runsFolder, { rescue, log })
  for (const folder of settings.runsFoldersBefore ?? []) {
    const removed = await clearAbandoned(folder, { rescue, isShared: true, log })
    abandoned.push(...removed)
    // Whose it was is dead then.
    if (removed.length > 0) removeEmpty(folder)
  }
  if (abandoned.length > 0) log.info({ folders: abandoned.length }, 'removed folders of runs whose server was killed')

  const tools = (): Tools | Failed => {
    if (engine.name === null) return { failure: failure(`${engine.problem}: ${engine.fix}`, 'TERRAFORM_MISSING') }
    if (sandbox instanceof Fault) return { failure: failure(`${sandbox.message}: ${sandbox.fix ?? ''}`) }
    return { engine, sandbox, account, clock, log, ...shared }
  }
  const hcl = openHclReader()
  const shared = {
    hcl,
    serve,
    runsFolder: settings.runsFolder,
    mirror: settings.mirror,
    cache: sandbox instanceof Fault ? null : await openCache(settings.cacheFolder, account, sandbox, log),
    withCache: oneAtATime(),
    passed: passedOn(settings.passedVariables, env),
  }
  const built = async (build: (tools: Tools, run: BuildRun) => Promise<BuildResult>, run: BuildRun) => {
    const ready = tools()
    if (!('failure' in ready)) return build(ready, run)
    const state = run.state === null ? null : Buffer.from(run.state)
    return { ...nothingBuilt, state, failure: ready.failure }
  }
  return {
    engine,
    isolation,
    importVersion: async (run) => {
      const ready = tools()
      return 'failure' in ready ? ready : importVersion(ready, run)
    },
    plan: async (run) => {
      const ready = tools()
      return 'failure' in ready ? ready : planWorkspace(ready, run)
    },
    apply: (run) => built(buildWorkspace, run),
    destroy: (run) => built(destroyWorkspace, run),
    [Symbol.asyncDispose]: () => hcl[Symbol.asyncDispose](),
  }
}

const nothingBuilt = { resources: [], aiTasks: [], parameters: new Map(), dailyCost: 0, timings: [] } as const

/** The program may lie where only the server gets to: in the home of root. */
async function runsInside(engine: Engine | Missing, sandbox: Sandbox): Promise<Engine | Missing> {
  if (engine.name === null) return engine
  const problem = await whyNot(sandbox, [engine.path, 'version'], { readable: [engine.path] })
  if (problem === null) return engine
  const fix = 'put it where every user may run it, as in /usr/local/bin'
  return { name: null, problem: `${engine.path} cannot be run by the user that templates run as: ${problem}`, fix }
}

/**
 * Within bubblewrap only `init` may write to it, which runs nothing of the template's. Without it a template could put a
 * provider of its own there for the next run to execute, so that there is no cache.
 */
async function openCache(folder: string, account: Account | null, sandbox: Sandbox, log: Log): Promise<string | null> {
  if (sandbox.kind !== 'bubblewrap') return null
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o700)
  if (account !== null) chownSync(folder, account.uid, account.gid)
  const problem = await whyNot(sandbox, ['/usr/bin/true'], { writable: [folder] })
  if (problem === null) return folder
  log.warn({ folder, problem }, 'providers are downloaded for each run: the folder to keep them in cannot be reached')
  return null
}

function passedOn(names: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function oneAtATime(): Tools['withCache'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}
