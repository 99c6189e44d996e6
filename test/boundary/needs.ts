import { spawnSync } from 'node:child_process'
import type { User } from './world.ts'

/** What the cases of a tier need and this machine lacks; a describe that is skipped for it names it. */
export function missing(tier: 1 | 2): readonly string[] {
  const programs = ['gcc', 'curl', 'git', 'python3', 'setpriv', ...(tier === 1 ? ['bwrap', 'nft'] : [])]
  const without = programs.filter(
    (name) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${name}`]).status !== 0,
  )
  const namespaces = tier === 2 || spawnSync('unshare', ['-Urn', 'true']).status === 0
  return namespaces ? without : [...without, 'user namespaces']
}

// Another user can run the boundary only where the checkout lies open to it.
const drop = ['--reuid=65533', '--regid=65533', '--clear-groups', '--', process.execPath, '-v']
export const users: readonly User[] =
  process.getuid?.() === 0 && spawnSync('setpriv', drop).status === 0 ? ['root', 'user'] : ['root']
