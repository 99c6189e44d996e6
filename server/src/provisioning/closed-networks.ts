import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { text } from 'node:stream/consumers'
import { Fault, toError } from '@reeve/base'
import type { Account } from './sandbox.ts'

/** A network in CIDR notation, or one address. */
export type Network = string

const nft = '/usr/sbin/nft'

/** Why a text is no network; null where it is one. */
export function whyNoNetwork(network: Network): string | null {
  const [address = '', bits, ...more] = network.split('/')
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  const isLength = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
  return version !== 0 && isLength && more.length === 0 ? null : 'is no address, and no network as in 169.254.0.0/16'
}

/**
 * Closes networks to everything that runs as an account: the kernel refuses what its processes send there, whatever they
 * do. Names are still asked for, because the resolver of some clouds has the address of its metadata service.
 *
 * The rules stand in a table of their own, which stays when the server ends: templates that run on are held by it too, and
 * another server of this machine with the same account has the same one. It concerns nobody else.
 */
export async function closeNetworks(
  account: Account | null,
  networks: readonly Network[],
  table = 'reeve_templates',
): Promise<void> {
  if (networks.length === 0) return
  const fix = 'run the server as root with the package nftables installed, or take REEVE_TERRAFORM_CLOSED_NETWORKS away'
  if (account === null) throw new Fault('unavailable', 'networks are closed to templates only by root', { fix })
  if (!existsSync(nft)) throw new Fault('unavailable', `networks cannot be closed to templates: no ${nft}`, { fix })
  const rules = networks.map((network) => {
    const family = isIP(network.split('/')[0]!) === 6 ? 'ip6' : 'ip'
    return `meta skuid ${account.uid} ${family} daddr ${network} meta l4proto { tcp, udp } th dport != 53 reject`
  })
  const chain = ['chain output {', 'type filter hook output priority filter; policy accept', ...rules, '}'].join('\n')
  // Made before it is deleted, so that there is one to delete; all of it takes effect at once.
  const problem = await runNft(
    `add table inet ${table}\ndelete table inet ${table}\ntable inet ${table} {\n${chain}\n}\n`,
  )
  if (problem === null) return
  throw new Fault('unavailable', `networks cannot be closed to templates: ${problem}`, { fix })
}

async function runNft(script: string): Promise<string | null> {
  const child = spawn(nft, ['-f', '-'], { env: {}, stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? -1))
  })
  child.stdin.on('error', () => {})
  child.stdin.end(script)
  const [code, said] = await Promise.all([ended, text(child.stderr)]).catch(
    (thrown: unknown) => [-1, toError(thrown).message] as const,
  )
  return code === 0 ? null : (said.trim().split('\n')[0] ?? `nft ended with ${code}`)
}
