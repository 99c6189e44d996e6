import type { Log, Uuid } from '@reeve/base'
import { z } from 'zod'
import type { Connection } from '../db/database.ts'
import { listen } from '../db/listen.ts'
import { jobsChannel } from './queries.ts'

const Notice = z.object({ kind: z.enum(['new', 'cancel', 'lines', 'end']), job: z.uuid() })
export interface JobNotice {
  /** `again`: the connection was away, and whoever waits must look. */
  readonly kind: z.infer<typeof Notice>['kind'] | 'again'
  readonly job: Uuid | null
}

/** What happens to jobs on any replica, behind one connection to the database. */
export interface JobNotices extends AsyncDisposable {
  on(hear: (notice: JobNotice) => void): Disposable
}

export async function openJobNotices(connection: Connection, log: Log): Promise<JobNotices> {
  const ears = new Set<(notice: JobNotice) => void>()
  const tell = (notice: JobNotice): void => {
    for (const hear of ears) hear(notice)
  }
  const hear = (payload: string): void => {
    const notice = Notice.safeParse(jsonOf(payload)).data
    if (notice !== undefined) tell(notice)
  }
  const onReconnect = (): void => tell({ kind: 'again', job: null })
  const listener = await listen(connection, jobsChannel, hear, { log, onReconnect })
  return {
    on(added) {
      ears.add(added)
      return { [Symbol.dispose]: () => ears.delete(added) }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Anybody who can reach the database may notify; what is not ours says nothing.
    return undefined
  }
}
