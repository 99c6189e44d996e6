import { type Clock, type Log, uuidv7 } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import type { Database, Tx } from '../db/database.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { LeftState } from '../provisioning/abandoned-runs.ts'
import { type BuildRow, findBuild, findState, hasLaterBegun, keepState } from './build-queries.ts'
import { workspaceOf } from './builds.ts'
import { stateRescued } from './events.ts'
import { lockWorkspace } from './queries.ts'
import { openState, sealState } from './state.ts'
import { onlyIn, parseState, type TerraformState } from './terraform-state.ts'

interface Rescuing {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly clock: Clock
  readonly log: Log
}

/** `known` is what was kept already; what has no place is not. */
type Fate = 'kept' | 'kept too late' | 'known' | 'without a place'

interface Outcome {
  readonly build: BuildRow
  readonly fate: Fate
  /** What nobody else knows of. */
  readonly resources: readonly string[]
}

const anyNumber = 2 ** 31 - 1

/**
 * What becomes of the state that a build left whose server was killed.
 *
 * A job is claimed once, so that whoever held this one is dead. Its lease may not be over yet; the job is given up for
 * lost when it is, which changes no state. So the state is this build's if it is newer than the one that is kept, and the
 * next build goes on from it. Where another server has begun that one without it, it is kept all the same, for whoever
 * asks for the state of this build; but no build goes on from it, and what only it knows of is for a person to take away.
 * False where there is no such build.
 */
export async function rescueState(
  { db, keyring, clock, log }: Rescuing,
  { buildId, state }: LeftState,
): Promise<boolean> {
  const found = parseState(state)
  if (found === null) {
    log.warn({ build: buildId }, 'a build whose server was killed left no state of Terraform')
    return true
  }
  const outcome = await db.transaction((tx) => rescue(tx, found))
  if (outcome === null) log.warn({ build: buildId }, 'a server that was killed left the state of no build of ours')
  else tell(log, outcome)
  return outcome !== null

  async function rescue(tx: Tx, found: TerraformState): Promise<Outcome | null> {
    const build = await findBuild(tx, buildId)
    if (build === undefined) return null
    // Nobody begins another build until this is over.
    const isThere = await lockWorkspace(tx, build.workspace_id)
    const hasGoneOn = !isThere || (await hasLaterBegun(tx, build))
    const before = await findState(tx, build)
    const latest = await findState(tx, { ...build, number: anyNumber })
    const [own, last] = [before, latest].map((row) => (row === undefined ? null : parseState(openState(keyring, row))))
    const resources = onlyIn(
      found,
      [own, last].filter((one) => one != null),
    )
    const isOfAnother = before !== undefined && (own == null || !['', found.lineage].includes(own.lineage))
    if (isOfAnother) return { build, fate: 'without a place', resources }
    if (own != null && own.serial >= found.serial) return { build, fate: 'known', resources: [] }
    const now = clock.now()
    await keepState(tx, buildId, sealState(keyring, buildId, state), now)
    const scope = { actor: null, requestId: uuidv7(now), sourceIp: null, userAgent: null }
    const serial = { old: own?.serial ?? null, new: found.serial }
    await appendAudit(tx, { scope, at: now, ...stateRescued(build, workspaceOf(build), serial) })
    const isNext = !hasGoneOn && before?.build_id === latest?.build_id
    return { build, fate: isNext ? 'kept' : 'kept too late', resources }
  }
}

function tell(log: Log, { build, fate, resources }: Outcome): void {
  if (fate === 'known') return
  const about = { build: build.id, workspace: build.workspace_id, name: `${build.workspace_name}/${build.number}` }
  if (fate === 'kept') return log.info(about, 'a build whose server was killed left a newer state, which is kept')
  if (resources.length === 0) return log.warn(about, 'a build whose server was killed left a state that comes too late')
  const fix =
    fate === 'kept too late'
      ? 'take them away by hand; their ids are in the state of this build'
      : 'look after them by hand; the state is not kept, since it does not go on from the one that is'
  log.error({ ...about, resources, fix }, 'a build whose server was killed made resources that no later build knows of')
}
