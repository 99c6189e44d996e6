import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessHost } from '../provisioning/process-host.ts'
import type { HostOptions } from './host-options.ts'
import type { JailOptions } from './jail.ts'
import { type Place, whyNoJail } from './why-no-jail.ts'

/** Where slirp4netns answers for the machine's resolver. */
const nameServer = '10.0.2.3'

/** What jails can be made here, and why none. */
export async function howJailsAre(
  options: HostOptions,
  place: Place,
): Promise<{ readonly refusal: ProcessHost['refusal']; readonly jails: JailOptions }> {
  const { network: wanted, forbidden, clock, log } = options
  const shared = { ...options, network: null }
  if (forbidden !== null) return { refusal: forbidden, jails: shared }
  const why = async (jails: JailOptions) => whyNoJail(jails, clock, place)
  if (wanted === null) return { refusal: await why(shared), jails: shared }
  const own = { ...options, network: { resolver: await writeResolver(place.folder), door: wanted.door } }
  const problem = await why(own)
  if (problem === null || wanted.isNeeded) return { refusal: problem, jails: own }
  const refusal = await why(shared)
  if (refusal === null) log.warn(problem, 'workspaces on this machine share its network, and reach each other')
  return { refusal, jails: shared }
}

/** The machine's own, but for who is asked. */
async function writeResolver(folder: string): Promise<string> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  const others = text.split('\n').filter((line) => /^(search|domain|options)\s/.test(line))
  const path = join(folder, 'resolv.conf')
  await writeFile(path, `nameserver ${nameServer}\n${others.map((line) => `${line}\n`).join('')}`, { mode: 0o644 })
  return path
}
