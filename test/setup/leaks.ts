import { readdirSync, readFileSync } from 'node:fs'
import { afterAll } from 'vitest'

/** After the tests of a file, nothing that they started may still run: no child process and no listening server. */
afterAll(async () => {
  for (let waitedMs = 0; ; waitedMs += 20) {
    const left = [...childProcesses(), ...listeningServers()]
    if (left.length === 0) return
    if (waitedMs >= 20_000) throw new Error(`left running by the tests of this file: ${left.join(', ')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})

function listeningServers(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap' || name === 'PipeServerWrap')
}

function childProcesses(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
        return Number(parent) === process.pid && state !== 'Z' ? [`process ${pid} (${command})`] : []
      } catch {
        // It ended while it was being looked at.
        return []
      }
    })
}
