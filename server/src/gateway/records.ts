import type { Clock, Log } from '@reeve/base'
import type { Database } from '../db/database.ts'
import type { Route } from '../http/implement.ts'
import { contentAccess } from './content.ts'
import { bridgeRoutes, type RouteContext } from './routes.ts'
import { watchSessions } from './watch.ts'

/** What people read of the record: needs no gateway of its own, as the record of all of them is in the database. */
export interface Records extends AsyncDisposable {
  readonly routes: readonly Route[]
}

export async function openRecords(options: {
  readonly db: Database
  /** Whether reading the words of other people needs a reason. */
  readonly contentReasonRequired: boolean
  readonly status: RouteContext['status']
  /** What boundaries decided while sessions ran in them; not there where boundaries are not known. */
  readonly record?: RouteContext['record']
  readonly clock: Clock
  readonly log: Log
}): Promise<Records> {
  const { db, contentReasonRequired, status, record = noRecord, clock, log } = options
  const content = contentAccess({ db, clock, reasonRequired: contentReasonRequired })
  const watch = await watchSessions({ db, clock, log })
  return {
    routes: bridgeRoutes({ db, content, watch, record, status, clock }),
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  }
}

const noRecord: RouteContext['record'] = async () => ({ lines: [], rest: [] })
