import { existsSync, realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Tier } from '@reeve/policy'
import { lockSession } from '../audit/session-lock.ts'
import { stateDirectoryOf } from '../audit/state-directory.ts'
import { nothing, type Recorder } from '../audit/recorder.ts'
import type { BoundaryConfig } from '../config/config.ts'
import type { Effects } from '../effects.ts'
import type { FilesPlan } from '../files/mount-plan.ts'
import { holdPlaceholders } from '../files/placeholders.ts'
import { openFloor } from '../floor/floor.ts'
import { shutByMounts } from '../floor/refused-writes.ts'
import type { Network } from '../network.ts'
import { answerNotifications, type Question } from '../notify/answer.ts'
import { errno, type Reply } from '../notify/frames.ts'
import { answerOverTcp } from '../dns/over-tcp.ts'
import { trustBundle, trustFiles, trustVariables } from '../tls/trust.ts'
import { fenceRecord, rights } from './fence-record.ts'
import { fenceRules } from './fence-rules.ts'
import { startFilterJail } from './filter-jail.ts'
import { doorHost } from '../door/door-judge.ts'
import { linkHome } from './home-links.ts'
import type { Jail, JailHooks } from './jail.ts'
import { bubblewrapArguments } from './mounts.ts'
import { startNamespacesJail } from './namespaces-jail.ts'
import { openProcessLimit } from './process-limit.ts'
import { sandboxEnvironment } from './sandbox-env.ts'
import { writeSessionFiles } from './session-files.ts'

/** What a jail of any tier is made from. */
export interface JailParts {
  readonly tier: Tier
  readonly helper: string
  readonly config: BoundaryConfig
  /** Absolute and resolved. */
  readonly workspace: string
  readonly around: Effects
  readonly network: Network
  readonly guard: (question: Question, signal: AbortSignal) => Reply | Promise<Reply>
  readonly recorder: Recorder
  readonly files: FilesPlan
  /** Deletions are decided about. */
  readonly deletionsHeld: boolean
  /** The session's id. */
  readonly session: string
  readonly onStopped: () => void
  /** The process that all of the sandbox descend from, before anything of it is asked about. */
  readonly onFirst: (pid: number) => void
}

/** The jail of the tier, around the command; rejects when nothing ran. */
export async function startJail(parts: JailParts): Promise<Jail> {
  const limit = openProcessLimit({ ...parts.around, session: parts.session })
  const leave = async () => limit?.[Symbol.asyncDispose]()
  const joinFile = limit?.joinFile ?? null
  try {
    const jail = await (parts.tier === 1 ? inNamespaces(parts, joinFile) : behindFilter(parts, parts.tier, joinFile))
    return { ...jail, ended: jail.ended.finally(leave) }
  } catch (thrown) {
    await leave()
    throw thrown
  }
}

async function inNamespaces(parts: JailParts, joinFile: string | null): Promise<Jail> {
  const { helper, config, workspace, around, network, guard, files, onFirst, onStopped } = parts
  const { env, home, log, roots } = around
  const certificates = trustBundle(roots, network.certificate)
  const own = writeSessionFiles({ hostname: hostname(), certificates, trustFiles })
  const stateDirectory = stateDirectoryOf(env, home)
  const held = await holdPlaceholders({ plan: files, session: parts.session, stateDirectory, lock: lockSession })
  const clean = async () => {
    own[Symbol.dispose]()
    await held[Symbol.asyncDispose]()
  }
  let first = 0
  const laid = new Set([...files.mounts, ...held.mounts].map(({ at }) => at))
  const opened = [workspace, '/tmp', '/var/tmp', '/dev/shm', around.home, ...files.write]
  const floor = openFloor({
    recorder: parts.recorder,
    above: () => first,
    clock: around.clock,
    workspace,
    isShut: shutByMounts((path) => opened.some((folder) => isWithin(path, folder))),
    isPinned: (path) => laid.has(path),
    isHidden: (folder) => existsSync(folder),
  })
  try {
    const jail = await startNamespacesJail({
      helper,
      gatewayPorts: network.gatewayPorts,
      joinFile,
      run: {
        command: config.command,
        env: sandboxEnvironment(env, { ...trustVariables(own.bundle), ...doorVariables(config) }),
        cwd: inside(around, workspace),
      },
      view: bubblewrapArguments([...files.mounts, ...held.mounts, ...own.mounts]),
      fence: fenceRecord({
        rules: [],
        hold: ['exec', 'refused', 'write', ...(parts.deletionsHeld ? (['delete'] as const) : [])],
        datagrams: true,
        files: false,
        noTcp: false,
        scope: true,
      }),
      log,
      hooks: {
        ...hooksOf(network),
        names: network.resolver,
        notifications(control, pid) {
          first = pid
          onFirst(pid)
          void answerNotifications(control, { answer: (question, signal) => decided(question, signal, guard), floor, report() {} }, log) // prettier-ignore
        },
        stopped: onStopped,
      },
    })
    return { ...jail, ended: jail.ended.finally(clean) }
  } catch (thrown) {
    await clean()
    throw thrown
  }
}

function hooksOf({ proxy, resolver }: Network): Pick<JailHooks, 'connection' | 'namesOverTcp'> {
  return {
    connection: (socket, destination, who) =>
      proxy.accept(socket, destination, async () => {
        const caller = await who()
        return caller.pid === 0 ? null : caller
      }),
    namesOverTcp: (socket) => answerOverTcp(socket, resolver),
  }
}

/** The filter of this tier does not hold up connections: whoever asks about one is not ours. */
function decided(question: Question, signal: AbortSignal, guard: JailParts['guard']): Reply | Promise<Reply> {
  return question.call === 'connect' ? { action: 'refuse', error: errno.EACCES } : guard(question, signal)
}

/** Where the commands of the workspace find what the agent's socket is to them outside. */
const doorVariables = ({ workspaceAgent }: BoundaryConfig): Readonly<Record<string, string>> =>
  workspaceAgent === null
    ? {}
    : { REEVE_AGENT_DOOR: `http://${doorHost}`, REEVE_AGENT_COMMANDS: workspaceAgent.commands.join(':') }

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

/** Where it was started, when that is within the workspace; else the workspace. */
function inside({ cwd }: Effects, workspace: string): string {
  return cwd === workspace || cwd.startsWith(`${workspace}/`) ? cwd : workspace
}

async function behindFilter(parts: JailParts, tier: 2 | 3, joinFile: string | null): Promise<Jail> {
  const { helper, config, workspace, around, network, guard, files, recorder, onFirst } = parts
  const { env, log, roots } = around
  const own = writeSessionFiles({
    hostname: hostname(),
    certificates: trustBundle(roots, network.certificate),
    trustFiles,
  })
  const view = { workspace, own: own.folder, read: files.read, write: files.write }
  const places = { HOME: own.folder, TMPDIR: own.folder }
  const variables = { ...trustVariables(own.bundleOutside), ...places, ...doorVariables(config) }
  try {
    linkHome(own.folder, realpathSync(around.home), [...files.read, ...files.write])
    const rules = fenceRules(view)
    const opened = rules.filter((rule) => (rule.rights & rights.device & ~rights.read) !== 0).map(({ path }) => path)
    let first = 0
    const floor = openFloor({
      recorder,
      above: () => first,
      clock: around.clock,
      workspace,
      isShut: ({ path }) => !opened.some((folder) => isWithin(path, folder)),
      isPinned: () => false,
      isHidden: () => false,
    })
    const jail = await startFilterJail({
      helper,
      run: { command: config.command, env: sandboxEnvironment(env, variables), cwd: inside(around, workspace) },
      tier,
      rules,
      floor,
      holdDeletions: parts.deletionsHeld,
      joinFile,
      hooks: hooksOf(network),
      decide: guard,
      refusedSocket: ({ pid, exe, argv, tree }, name) => {
        const fact = { ...nothing, kind: 'file', decision: 'deny', would: 'deny', reason: 'protocol' } as const
        recorder.record({ ...fact, process: { pid, exe, argv, tree }, file: { op: 'connect', path: name, count: 1 } })
      },
      log,
    })
    first = jail.pid
    onFirst(jail.pid)
    void jail.ended.then(() => own[Symbol.dispose]())
    return jail
  } catch (thrown) {
    own[Symbol.dispose]()
    throw thrown
  }
}
