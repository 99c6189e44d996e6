import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { installPeer, type Peer } from './install-peer.ts'

/** Anthropic's sandbox runtime, with what it needs of Debian. */
export const srtVersion = '0.0.83'
const peer: Peer = {
  name: `srt-${srtVersion}`,
  dependencies: { '@anthropic-ai/sandbox-runtime': srtVersion },
  script: '@anthropic-ai/sandbox-runtime/dist/cli.js',
}
const programs = ['bwrap', 'socat', 'rg']

export interface Srt {
  /** Its command. */
  readonly script: string
  /** Whether its own matcher lets a host through, entry by entry, as its proxy asks it. */
  readonly allows: (host: string, port: number, domains: readonly string[]) => boolean
}

export async function installSrt(): Promise<Srt | { readonly skipped: string }> {
  const installed = await installPeer(peer)
  if ('skipped' in installed) return installed
  for (const program of programs) {
    const found = await promisify(execFile)('sh', ['-c', `command -v ${program}`]).catch(() => null)
    if (found === null) return { skipped: `${program} is not installed` }
  }
  const folder = join(dirname(installed.script), 'sandbox')
  // SAFETY: two functions of the pinned version, which is what its proxy calls for each connection.
  const { matchesDomainPatternWithPort, canonicalizeHost } = {
    ...(await import(join(folder, 'domain-pattern.js'))),
    ...(await import(join(folder, 'parent-proxy.js'))),
  } as {
    matchesDomainPatternWithPort(host: string, port: number, pattern: string): boolean
    canonicalizeHost(host: string): string | undefined
  }
  return {
    script: installed.script,
    allows(host, port, domains) {
      const canonical = canonicalizeHost(host) ?? host
      return domains.some((domain) => matchesDomainPatternWithPort(canonical, port, domain))
    },
  }
}
