import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, Fault } from '@reeve/base'
import type { FilePolicy, Tier } from '@reeve/policy'
import { stateDirectoryOf } from '../audit/state-directory.ts'
import { stateFolders } from './home-view.ts'
import { keepWorkspace } from './keep-workspace.ts'
import { type FilesPlan, planMounts } from './mount-plan.ts'
import { openOverlay } from './overlay.ts'
import { machineTree } from './tree.ts'

export interface SessionFilesAsked {
  readonly policy: FilePolicy
  readonly tier: Tier
  readonly session: string
  /** Resolved. */
  readonly workspace: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Of the workspace's agent. */
  readonly commands: readonly string[]
  readonly clock: Clock
  /** Names that snapshots leave out; null: the usual ones. */
  readonly ignore: readonly string[] | null
}

/** The files of one session: what is seen of them, and before it starts the copy that the policy wants. */
export function sessionFiles(asked: SessionFilesAsked): FilesPlan {
  const { policy, tier, session, workspace, env, home, commands, clock, ignore } = asked
  const stateDirectory = stateDirectoryOf(env, home)
  // What is not there cannot be shown, and what the agent then keeps in its place is gone with the session.
  for (const folder of stateFolders(asked.command[0] ?? '')) makeFolder(join(home, folder))
  const question = {
    home: realpathSync(home),
    workspace,
    policy,
    path: (env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/')),
    program: asked.command[0] ?? '',
    commands,
    own: [stateDirectory, ...settingsFolders(env, home)],
    tree: machineTree,
  }
  // Refuses a workspace that is none before anything of it is copied.
  const plan = planMounts(question)
  if (policy.workspace === 'direct') return plan
  if (policy.workspace === 'snapshot') {
    const { note } = keepWorkspace({ stateDirectory, workspace, session, clock, ignore })
    return note === null ? plan : { ...plan, notes: [...plan.notes, note] }
  }
  if (tier !== 1) {
    throw new Fault('forbidden', 'The policy wants an overlay, which needs tier 1.', {
      fix: 'boundary check says what is missing',
    })
  }
  const { tree } = openOverlay({ stateDirectory, workspace, clock }, session)
  const inCopy = planMounts({ ...question, scratch: tree })
  const note =
    'the command works in a copy of the workspace: boundary changes, apply and discard say what becomes of it'
  return { ...inCopy, notes: [...inCopy.notes, note] }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch {
    // A home that cannot be written keeps nothing, with a boundary and without one.
  }
}

const settingsFolders = (env: SessionFilesAsked['env'], home: string): readonly string[] => {
  const xdg = env['XDG_CONFIG_HOME']
  const folders = [`${home}/.config`, ...(xdg?.startsWith('/') === true ? [xdg] : [])]
  return folders.flatMap((folder) => [`${folder}/reeve`, `${folder}/coder_boundary`])
}
