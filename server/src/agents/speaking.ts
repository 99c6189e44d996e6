import { isUuid } from '@reeve/base'
import type { Scope } from '../http/implement.ts'
import type { AgentRoom } from './agent-room.ts'
import { ended } from './hear.ts'
import { type AgentRow, findByToken } from './queries.ts'

/** The agent whose token came with a request. */
export async function speaking({ db }: Pick<AgentRoom, 'db'>, { credential }: Scope): Promise<AgentRow> {
  const token = credential?.reveal() ?? ''
  const agent = isUuid(token) ? await findByToken(db.sql, token) : undefined
  if (agent === undefined) throw ended()
  return agent
}
