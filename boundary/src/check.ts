import { release } from 'node:os'
import { Fault } from '@reeve/base'
import type { Tier } from '@reeve/policy'
import { type Capabilities, namespaceObstacle, probeCapabilities, strongestTier } from './capabilities.ts'

/** One line of the table. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What to do, ready to be copied; null where nothing is to be done. */
  readonly remedy: string | null
}

/**
 * `boundary check`: what this machine can hold, the tier that would run, and the remedy for what is missing. Ends with 0
 * where the strongest tier works and with 1 where one below it would run.
 */
export async function check(words: readonly string[], helper: string, write: (text: string) => void): Promise<number> {
  const unknown = words.find((word) => word !== '--json')
  if (unknown !== undefined) throw new Fault('invalid', `boundary check does not know ${unknown}`, { fix: 'boundary check [--json]' }) // prettier-ignore
  const found = await probeCapabilities(helper)
  const tier = strongestTier(found)
  const all = findings(found, namespaceObstacle())
  if (words.includes('--json')) write(`${JSON.stringify({ tier, kernel: release(), capabilities: all }, null, 2)}\n`)
  else write(table(tier, all))
  return tier === 1 ? 0 : 1
}

const words = { yes: 'ok', no: 'missing' }

function table(tier: Tier, all: readonly Finding[]): string {
  const width = Math.max(...all.map(({ name }) => name.length)) + 2
  const lines = all.flatMap(({ name, ok, detail, remedy }) => [
    `  ${name.padEnd(width)}${(ok ? words.yes : words.no).padEnd(9)}${detail}`,
    ...(remedy === null ? [] : remedy.split('\n').map((line) => `  ${''.padEnd(width)}${line}`)),
  ])
  return [`Tier ${tier} would run: ${tiers[tier]}.`, `Kernel ${release()}.`, '', ...lines, ''].join('\n')
}

const tiers: Readonly<Record<Tier, string>> = {
  1: 'own namespaces, every TCP connection captured',
  2: 'a system-call filter and Landlock, without namespaces',
  3: 'proxy variables only, which programs may ignore',
}

export function findings(found: Capabilities, obstacle: ReturnType<typeof namespaceObstacle>): readonly Finding[] {
  const namespaces = found.userNamespaces === 0 && found.networkNamespace === 0
  return [
    finding('user namespaces', namespaces, 'the network and the processes of tier 1', obstacles[obstacle]),
    finding('bubblewrap', found.bubblewrap === true, 'the view of the files of tier 1', bubblewrapRemedy(found, namespaces)),
    finding('nftables', found.nft, 'connections on every port; without it, on common ports only', install('nftables')),
    finding('Landlock', found.landlock >= 1, landlockDetail(found.landlock), 'a kernel from 5.13 on, with landlock in its lsm= list'),
    finding('notifications', found.notifications === 0, 'programs are decided at their start; needed for tier 2', 'run the boundary outside of another sandbox that has them (only one can), on a kernel from 5.9 on'),
    finding('cgroup', found.cgroup, 'a limit on the number of processes, which root has by a control group only', 'run as another user, or where /sys/fs/cgroup can be written'),
  ] // prettier-ignore
}

const finding = (name: string, ok: boolean, detail: string, remedy: string): Finding => ({
  name,
  ok,
  detail,
  remedy: ok ? null : remedy,
})

const install = (name: string): string => `as root: apt-get install ${name}`

function landlockDetail(abi: number): string {
  if (abi === 0) return 'the file fence of tier 2'
  return abi >= 6 ? `version ${abi}` : `version ${abi}; from 6 on signals to the outside are refused as well`
}

function bubblewrapRemedy({ bubblewrap }: Capabilities, namespaces: boolean): string {
  if (bubblewrap === null) return install('bubblewrap')
  return namespaces ? obstacles.container : 'needs user namespaces'
}

const obstacles: Readonly<Record<ReturnType<typeof namespaceObstacle>, string>> = {
  apparmor:
    'AppArmor refuses them (Ubuntu 23.10 and later): as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  sysctl: 'as root: sysctl -w kernel.unprivileged_userns_clone=1',
  limit: 'as root: sysctl -w user.max_user_namespaces=15000',
  container: [
    'Docker:     docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined',
    'Kubernetes: hostUsers: false, and in securityContext: seccompProfile: { type: Unconfined },',
    '            appArmorProfile: { type: Unconfined }, procMount: Unmasked',
  ].join('\n'),
}
