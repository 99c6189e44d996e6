import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { toError } from '@reeve/base'
import type { Foundation } from './app-foundation.ts'
import { bringIn, removeBroughtIn } from './gateway/bring-in.ts'

/** Each gateway process of a machine has a journal of its own. */
export const journalName = (process: number): string => (process === 1 ? 'journal' : `journal-${process}`)

/**
 * Brings in, in the background, what lies in the data directory as a journal and is none of the processes' own: of a
 * process that there was when there were more of them, or of another machine, put here by hand.
 */
export function adoptJournals({ config, db, clock, log }: Foundation): AsyncDisposable {
  const stopping = new AbortController()
  const own = new Set(Array.from({ length: config.gatewayProcesses }, (_, index) => journalName(index + 1)))
  const left = readdirSync(config.dataDir).filter((name) => /^journal-[\w-]+$/.test(name) && !own.has(name))
  const { structuredLogging } = config.bridge

  async function adopt(name: string): Promise<void> {
    const dir = join(config.dataDir, name)
    const { signal } = stopping
    const { complete, detail, ...facts } = await bringIn({ dir, db, structuredLogging, clock, log, signal })
    if (!complete) return log.warn({ journal: name, detail }, 'a journal of another process is not brought in yet')
    const removed = await removeBroughtIn(dir)
    log.info({ journal: name, removed, ...facts }, 'a journal of another process was brought in')
  }

  async function adoptAll(): Promise<void> {
    for (const name of left) {
      if (stopping.signal.aborted) return
      await adopt(name).catch((thrown: unknown) =>
        log.error({ journal: name, err: toError(thrown) }, 'a journal of another process cannot be brought in'),
      )
    }
  }

  const running = adoptAll()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
    },
  }
}
