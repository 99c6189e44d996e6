import { chmod, chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isUuid, toError } from '@reeve/base'
import type { ProcessHost, ProcessOrder } from '../provisioning/process-host.ts'
import { endJail, killedWithinMs, signalTo, untilGone } from './ending.ts'
import { hostId, writeUser } from './host-files.ts'
import { homePath } from './jail.ts'
import { portsBelow } from './ports.ts'
import { bootId, forgetRecord, idOf, isAlive, keepRecord, type ProcessRecord, readRecord } from './process-record.ts'
import { startJail } from './start-jail.ts'
import { turnsByName } from './turns.ts'
import type { HostOptions } from './host-options.ts'
import { howJailsAre } from './how-jails-are.ts'
import { probePrefix } from './why-no-jail.ts'

const networkGraceMs = 2_000

/** What is to become of the jail of a workspace. */
export type Wanted = 'keep' | 'end' | 'remove'

export interface Wishes {
  readonly decide: (workspaceId: string) => Promise<Wanted>
  /** Told once of one that is wanted and has ended by itself, in words for its people. */
  readonly lost: (workspaceId: string, why: string) => Promise<void>
}

export interface OpenedHost extends ProcessHost {
  /** Looks at all that is on record: ends what nobody wants, and what is left of what has ended by itself. */
  tend(wishes: Wishes, signal: AbortSignal): Promise<void>
}

/**
 * Processes of workspaces on this machine. Of each there is a folder:
 *
 *   home/  what stays     tmp/  what a stop clears     port     script     process.json  which processes they are
 *
 * The record is written before the script begins, so that whatever runs is on record: a server that ends in between takes
 * with it the line that the script waits for. Only the record says what is to be ended; what a Terraform state says of
 * processes is compared with it and never followed, as people can write states.
 */
export async function openProcessHost(options: HostOptions): Promise<OpenedHost> {
  const { folder, account, groups, graceMs, clock, log } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const id = await hostId(folder)
  const user = await writeUser(folder, account)

  const ports = portsBelow(folder)

  const folderOf = (workspaceId: string): string => {
    if (!isUuid(workspaceId)) throw new Fault('invalid', 'the id of the workspace is none')
    return join(folder, workspaceId)
  }
  const ownFolder = async (path: string): Promise<string> => {
    await mkdir(path, { recursive: true, mode: 0o700 })
    if (account !== null) await chown(path, account.uid, account.gid)
    return path
  }
  for (const name of await readdir(folder)) {
    if (name.startsWith(probePrefix)) await rm(join(folder, name), { recursive: true, force: true })
  }
  const { refusal, jails } = await howJailsAre(options, { folder, user, ownFolder })
  if (refusal !== null) log.info(refusal, 'workspaces do not run on this machine')

  const inTurn = turnsByName()

  /** What cannot be bounded here is refused where the template says a bound, and is not where it says none. */
  function bounded(workspaceId: string, { memoryBytes, cpus }: ProcessOrder): readonly string[] {
    const cannot = (what: string, name: string): Fault =>
      new Fault('unavailable', `this machine does not let the server bound ${what} of one workspace`, {
        fix: `leave ${name} out of the template, or let the server make control groups: run it as root`,
      })
    if (memoryBytes !== null && !groups.can.memory) throw cannot('the memory', 'memory')
    if (cpus !== null && !groups.can.cpu) throw cannot('the processors', 'cpu')
    return groups.make(workspaceId, { memoryBytes: memoryBytes ?? options.memoryBytes, cpus })
  }

  async function start(workspaceId: string, order: ProcessOrder): Promise<string> {
    if (refusal !== null) throw new Fault('unavailable', refusal.problem, { fix: refusal.fix })
    const own = folderOf(workspaceId)
    const before = await readRecord(own)
    if (before !== null && isAlive(before, 'first')) {
      throw new Fault('conflict', 'a process of this workspace runs on this machine already', {
        fix: 'stop the workspace; a template starts one process in a workspace',
      })
    }
    const home = await ownFolder(join(own, 'home'))
    await rm(join(own, 'tmp'), { recursive: true, force: true })
    const temporary = await ownFolder(join(own, 'tmp'))
    const script = join(own, 'script')
    await rm(script, { force: true })
    await writeFile(script, order.script, { mode: 0o444, flag: 'wx' })
    const named = { hostname: hostnameOf(order.hostname), env: order.env }
    const contents = { home, temporary, script, ...user, ...named, groups: bounded(workspaceId, order) }
    const { jail, record } = await startJail(jails, contents, clock).catch(async (thrown: unknown) => {
      await groups.remove(workspaceId)
      throw thrown
    })
    try {
      await keepRecord(own, record)
      jail.go()
      return idOf(record)
    } catch (thrown) {
      await endJail(jail, clock)
      await forgetRecord(own)
      await groups.remove(workspaceId)
      throw thrown
    }
  }

  /** All others end with it; what connects its network does by itself, unless somebody has halted it. */
  async function endFirst(record: ProcessRecord): Promise<void> {
    const gone = (which: 'first' | 'network', withinMs: number) =>
      untilGone(() => !isAlive(record, which), withinMs, clock)
    if (isAlive(record, 'first')) signalTo(record.first.pid, 'SIGKILL')
    const isFirstGone = await gone('first', killedWithinMs)
    if (record.network !== null && !(await gone('network', networkGraceMs))) signalTo(record.network.pid, 'SIGKILL')
    if (isFirstGone && (await gone('network', killedWithinMs))) return
    throw new Fault('unavailable', 'the process of this workspace cannot be ended: the kernel does not let it go')
  }

  async function stop(workspaceId: string): Promise<void> {
    const own = folderOf(workspaceId)
    const record = await readRecord(own)
    if (record !== null) {
      if (isAlive(record, 'main')) signalTo(record.main.pid, 'SIGTERM')
      const ended = await untilGone(() => !isAlive(record, 'main'), graceMs, clock)
      if (!ended) log.warn({ workspaceId, graceMs }, 'a workspace did not end in time, and is killed')
      await endFirst(record)
    }
    await forgetRecord(own)
    await groups.remove(workspaceId)
    await rm(join(own, 'tmp'), { recursive: true, force: true, maxRetries: 5 })
  }

  async function removeHome(workspaceId: string): Promise<void> {
    await stop(workspaceId)
    await rm(folderOf(workspaceId), { recursive: true, force: true, maxRetries: 5 })
  }

  async function tendOne(workspaceId: string, { decide, lost }: Wishes): Promise<void> {
    const record = await readRecord(folderOf(workspaceId))
    const wanted = await decide(workspaceId)
    if (wanted === 'remove') await removeHome(workspaceId)
    else if (wanted === 'end' && record !== null) await stop(workspaceId)
    if (record === null) return
    if (wanted !== 'keep') return log.info({ workspaceId, wanted }, 'ended what was left of a workspace')
    const gone = whyLost(record)
    if (gone === null) return
    const why = groups.hadTooLittle(workspaceId) ? `${gone}; it needed more memory than it has` : gone
    log.warn({ workspaceId, why }, 'a workspace has ended by itself')
    await endFirst(record)
    // Told before it is forgotten: who is told twice is not misled.
    await lost(workspaceId, why)
    await forgetRecord(folderOf(workspaceId))
    await groups.remove(workspaceId)
  }

  return {
    id,
    refusal,
    start: (workspaceId, order) => inTurn(workspaceId, () => start(workspaceId, order)),
    stop: (workspaceId) => inTurn(workspaceId, () => stop(workspaceId)),
    removeHome: (workspaceId) => inTurn(workspaceId, () => removeHome(workspaceId)),
    openHome: async (workspaceId) => {
      const own = folderOf(workspaceId)
      await ownFolder(join(own, 'home'))
      return { path: homePath, port: await ports(own) }
    },
    isRunning: async (workspaceId, processId) => {
      const record = await readRecord(folderOf(workspaceId))
      return record !== null && idOf(record) === processId && isAlive(record, 'main')
    },
    async tend(wishes, signal) {
      const names = (await readdir(folder)).filter((name) => isUuid(name))
      const tended = names.map((name) =>
        inTurn(name, async () => void (signal.aborted || (await tendOne(name, wishes)))),
      )
      const failed = (await Promise.allSettled(tended)).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw toError(failed.reason)
    },
  }
}

/** Null for one that runs as it should. */
function whyLost(record: ProcessRecord): string | null {
  if (record.boot !== bootId()) return 'the machine that it ran on has been started anew'
  if (!isAlive(record, 'main')) return 'its process on the machine of the server has ended, or was killed'
  if (record.network !== null && !isAlive(record, 'network')) return 'its network has ended, or was killed'
  return null
}

/** Names of machines are short, and made of few characters. */
const hostnameOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '') || 'workspace'
