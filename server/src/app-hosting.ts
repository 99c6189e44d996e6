import { realpathSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { toError } from '@reeve/base'
import { tellLoss } from './agents/tell-loss.ts'
import { placeOf } from './app-entrance.ts'
import type { Foundation } from './app-foundation.ts'
import type { Config } from './config.ts'
import { systemAccount } from './db/embedded/account.ts'
import { controlGroups } from './hosting/control-groups.ts'
import { diskRoom } from './hosting/disk-room.ts'
import { loopbackPlace, openDoor } from './hosting/door.ts'
import type { HostOptions } from './hosting/host-options.ts'
import { openProcessHost, type Wishes } from './hosting/process-host.ts'
import type { ProcessHost } from './provisioning/process-host.ts'
import { repeating } from './runtime/repeating.ts'
import { fateOf } from './workspaces/left-behind.ts'

const accountName = 'reeve-workspaces'

/** The agent gives its stop scripts a minute, and says their last lines. */
const graceMs = 65_000
const processesMax = 4_096
/** How long something may go on that nobody wants any more, or have ended before its people are told. */
const tendedEveryMs = 10_000

/** This machine as a place for workspaces. What nobody wants any more is ended while this server runs. */
export async function openHosting(
  undo: AsyncDisposableStack,
  { config, db, clock, log }: Pick<Foundation, 'config' | 'db' | 'clock' | 'log'>,
  url: string,
): Promise<ProcessHost> {
  const forbidden = whyForbidden(config)
  const account =
    forbidden === null
      ? await systemAccount(accountName, {
          message: `workspaces are not run as root, and the system user ${accountName} cannot be made`,
          fix: `make it with: useradd --system ${accountName}, or set REEVE_LOCAL_WORKSPACES=off`,
        })
      : null
  const folder = join(config.dataDir, 'workspaces')
  const network = forbidden === null ? await ownNetworks(undo, { config, log }, join(folder, 'door'), url) : null
  const host = await openProcessHost({
    folder,
    network,
    account,
    readable: config.provisioning.localReadable,
    hidden: [config.dataDir],
    node: realpathSync(process.execPath),
    processesMax,
    groups: controlGroups(),
    memoryBytes: Math.floor(totalmem() * 0.75),
    forbidden,
    graceMs,
    clock,
    log,
  })
  const stopping = new AbortController()
  const wishes: Wishes = {
    decide: (workspaceId) => fateOf(db.sql, workspaceId),
    lost: (workspaceId, why) => tellLoss({ db, clock }, workspaceId, why),
  }
  const lookAtDisk = diskRoom(folder, log)
  const tended = undo.use(
    repeating(
      async () => {
        await host.tend(wishes, stopping.signal)
        await lookAtDisk()
      },
      tendedEveryMs,
      (thrown) => log.error({ err: toError(thrown) }, 'workspaces on this machine are not looked after'),
    ),
  )
  undo.defer(() => stopping.abort())
  tended.again()
  return host
}

/** Jails with a network of their own reach a server that listens on the loopback by a door to it, which is open while it runs. */
async function ownNetworks(
  undo: AsyncDisposableStack,
  { config, log }: Pick<Foundation, 'config' | 'log'>,
  folder: string,
  url: string,
): Promise<HostOptions['network']> {
  const { localNetwork } = config.provisioning
  if (localNetwork === 'shared') return null
  const place = await loopbackPlace(url)
  if (place === null) return { isNeeded: localNetwork === 'own', door: null }
  try {
    undo.use(await openDoor(folder, place))
    return { isNeeded: localNetwork === 'own', door: { folder, place } }
  } catch (thrown) {
    if (localNetwork === 'own') throw thrown
    log.warn({ err: toError(thrown) }, 'workspaces on this machine share its network, and reach each other')
    return null
  }
}

/** Whoever uses a server that only this machine reaches, works on this machine already. */
function whyForbidden(config: Config): ProcessHost['refusal'] {
  const { localWorkspaces } = config.provisioning
  if (localWorkspaces === 'off') return { problem: 'REEVE_LOCAL_WORKSPACES is off', fix: 'set it to on' }
  if (localWorkspaces === 'on' || placeOf(config).localOnly) return null
  return {
    problem: 'others than this machine can reach the server',
    fix: 'set REEVE_LOCAL_WORKSPACES=on where people who use it may run programs on the machine that it runs on',
  }
}
