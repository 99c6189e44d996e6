import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, toError } from '@reeve/base'
import type { ProcessHost } from '../provisioning/process-host.ts'
import { endJail } from './ending.ts'
import type { JailOptions } from './jail.ts'
import { networkPrograms } from './own-network.ts'
import { startJail } from './start-jail.ts'

export interface Place {
  readonly folder: string
  readonly user: { readonly passwd: string; readonly group: string }
  readonly ownFolder: (path: string) => Promise<string>
}

const programs = ['/usr/bin/bwrap', '/usr/bin/setpriv', '/usr/bin/unshare', '/usr/bin/prlimit']
const fixOf = ({ network }: JailOptions): string =>
  network === null
    ? 'install bubblewrap and util-linux, and let bubblewrap make user namespaces'
    : 'install slirp4netns and iproute2; it needs /dev/net/tun'
export const probePrefix = 'probe-'

/** Why a jail cannot be made here, found out by making one; null where it can. */
export async function whyNoJail(
  options: JailOptions,
  clock: Clock,
  { folder, user, ownFolder }: Place,
): Promise<ProcessHost['refusal']> {
  const fix = fixOf(options)
  const needed = [...programs, options.node, ...(options.network === null ? [] : networkPrograms)]
  const missing = needed.find((path) => !existsSync(path))
  if (missing !== undefined) return { problem: `there is no ${missing}`, fix }
  const probe = join(folder, `${probePrefix}${randomUUID()}`)
  await mkdir(probe, { mode: 0o700 })
  try {
    const script = join(probe, 'script')
    await writeFile(script, 'exit 0\n', { mode: 0o444 })
    const [home, temporary] = [await ownFolder(join(probe, 'home')), await ownFolder(join(probe, 'tmp'))]
    const contents = { home, temporary, script, ...user, hostname: 'probe', groups: [], env: {} }
    const { jail } = await startJail(options, contents, clock)
    await endJail(jail, clock)
    return null
  } catch (thrown) {
    return { problem: toError(thrown).message, fix }
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}
