import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { knownProcess } from '../../server/src/hosting/process-record.ts'

/** Ends what workspaces of a server run on this machine: they outlive it, and the test in the middle of which something failed. */
export function endLocalWorkspaces(dataDir: string): void {
  const folder = join(dataDir, 'workspaces')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const record = join(folder, name, 'process.json')
    if (!existsSync(record)) continue
    const { first } = JSON.parse(readFileSync(record, 'utf8'))
    if (knownProcess(first.pid)?.start === first.start) process.kill(first.pid, 'SIGKILL')
  }
}
