import { createHash } from 'node:crypto'
import type { HeldRole } from '../../access/actor.ts'
import { powerOfRoles } from '../../access/same-power.ts'

/** What somebody may do through his roles, in 32 bytes: two that differ say that his rights changed in between. */
export const rightsMark = (roles: readonly HeldRole[]): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(powerOfRoles(roles)))
    .digest()
