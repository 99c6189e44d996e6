import { realpathSync } from 'node:fs'
import { hostname, release } from 'node:os'
import { basename } from 'node:path'
import { Fault } from '@reeve/base'
import type { PolicyLayer, Tier } from '@reeve/policy'
import { type DecisionLog, openDecisionLog } from './audit/decision-log.ts'
import { stateDirectoryOf } from './audit/state-directory.ts'
import { type Machine, strongestTier } from './capabilities.ts'
import { commandGuard, holdsDeletions } from './commands/command-guard.ts'
import type { BoundaryConfig } from './config/config.ts'
import type { Effects } from './effects.ts'
import { sessionFiles } from './files/session-files.ts'
import type { Exit, Jail } from './jail/jail.ts'
import { passSignals } from './jail/pass-signals.ts'
import { startJail } from './jail/start-jail.ts'
import { openNetwork } from './network.ts'
import { type BoundarySession, openSession } from './session.ts'
import { whatHolds } from './standing.ts'
import { createTally, endLines, startLine } from './summary.ts'
import type { Timers } from './timers.ts'
import { version } from './version.ts'

/** How long the end waits for the control plane to have everything. */
const deliveryWaitMs = 5_000

/**
 * Runs the command behind its policy, and resolves to how it ended. Everything that holds it is there before it starts;
 * what fails before that throws, and nothing has run.
 */
export async function runBoundary(config: BoundaryConfig, around: Effects, machine: Machine): Promise<Exit> {
  const { clock, say } = around
  const startedMs = clock.monotonicMs()
  const tier = config.tier ?? strongestTier(await machine.found)
  const stopping = Promise.withResolvers<void>()
  const session = await openSession(sessionOptions(config, around, tier, () => stopping.resolve()))
  const tally = createTally()
  session.recorder.onEvent((event) => tally.add(event))
  await using decisions = decisionLog(config, around)
  session.recorder.onEvent((event) => decisions?.write(event))
  let exit: Exit = { code: 125, signal: null }
  try {
    refuseWeakerTier(config, session, tier)
    exit = await confined({ config, around, session, tier, helper: machine.helper, stopping: stopping.promise })
  } finally {
    const how = { exitCode: exit.code, signalName: exit.signal, waitMs: deliveryWaitMs }
    const left = await session.end(how)
    const durationMs = clock.monotonicMs() - startedMs
    const explained = config.controlPlane !== null
    for (const line of endLines({ tally, ...left, durationMs, session: session.id, explained })) say(line)
  }
  return exit
}

/** Null where no folder for it is named: nothing is written into the agent's screen. */
function decisionLog({ logDir, logLevel }: BoundaryConfig, { clock, log }: Effects): DecisionLog | null {
  if (logDir === null) return null
  return openDecisionLog({ directory: logDir, level: logLevel, pid: process.pid, now: clock.now(), log })
}

interface Confinement {
  readonly config: BoundaryConfig
  readonly around: Effects
  readonly session: BoundarySession
  readonly tier: Tier
  readonly helper: string
  /** An administrator ends the session. */
  readonly stopping: Promise<void>
}

async function confined({ config, around, session, tier, helper, stopping }: Confinement): Promise<Exit> {
  const { clock, timers, log, dialling, roots, say } = around
  const { recorder, policy, approvals } = session
  await using network = openNetwork({ session, config, dialling, roots, clock, timers, log })
  const workspace = realpathSync(config.workspace ?? around.cwd)
  const files = sessionFiles({
    policy: policy.current.files,
    tier,
    session: session.id,
    workspace,
    command: config.command,
    env: around.env,
    home: around.home,
    commands: config.workspaceAgent?.commands ?? [],
    clock,
    ignore: config.snapshotIgnore,
  })
  for (const note of files.notes) say(`note: ${note}`)
  let first = 0
  const guard = commandGuard({
    policy: () => policy.current,
    held: (decision) => whatHolds(policy, decision),
    recorder,
    approvals,
    clock,
    timers,
    workspace,
    writable: ['/tmp', '/var/tmp', '/dev/shm', around.home, ...files.write],
    above: () => first,
  })
  using signals = passSignals()
  say(startLine({ policy, tier, jail: jailNames[tier], control: hostOf(config), online: session.online, session: session.id })) // prettier-ignore
  await using started = await startJail({
    tier,
    helper,
    config,
    workspace,
    around,
    network,
    guard,
    recorder,
    files,
    deletionsHeld: holdsDeletions(policy.current),
    session: session.id,
    onStopped: () => signals.stopped(),
    onFirst: (pid) => (first = pid),
  })
  signals.to(started)
  void stopping.then(() => end(started, timers))
  return await started.ended
}

const jailNames: Readonly<Record<Tier, string>> = { 1: 'namespaces', 2: 'filter', 3: 'environment' }
const hostOf = ({ controlPlane }: BoundaryConfig) => (controlPlane === null ? null : new URL(controlPlane.url).host)

/** Who runs a boundary may loosen only what is theirs: a policy of the control plane observes where it says so itself. */
function localLayer({ policy, observe, controlPlane }: BoundaryConfig): PolicyLayer | null {
  if (policy === null || !observe || controlPlane !== null) return policy
  return { ...policy, document: { ...policy.document, mode: 'observe' } }
}

/** Asked first, and then made to. */
function end(jail: Jail, timers: Timers): void {
  jail.signal('SIGTERM')
  timers.after(10_000, () => void jail[Symbol.asyncDispose]())
}

function refuseWeakerTier(config: BoundaryConfig, { policy }: BoundarySession, tier: Tier): void {
  const weakest = Math.min(policy.current.min_tier, config.minTier ?? 3)
  if (tier <= weakest) return
  throw new Fault('forbidden', `the policy wants tier ${weakest}, and this machine has tier ${tier}`, {
    fix: 'boundary check says what is missing',
  })
}

function sessionOptions(config: BoundaryConfig, around: Effects, tier: Tier, onStop: () => void) {
  const { env, home, clock, timers, random, log, userId } = around
  return {
    state: stateDirectoryOf(env, home),
    control: config.controlPlane,
    local: localLayer(config),
    about: {
      command: basename(config.command[0] ?? ''),
      hostname: hostname(),
      clientVersion: version,
      tier,
      jail: jailNames[tier],
      kernel: release(),
      policy: null,
    },
    env,
    clock,
    timers,
    random,
    log,
    userId,
    onStop,
  }
}
