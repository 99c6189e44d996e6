import { Fault, isUuid, type Problem, type Uuid } from '@reeve/base'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import type { Tx } from '../db/database.ts'
import { findUser } from './queries.ts'

/**
 * An account for programs. It is a user in all that access and the record ask, and no person: it does not sign in, has
 * no password and no address (the empty text is stored), and never becomes dormant. A person is responsible for it, and
 * makes its tokens. It is disabled by suspending it, which ends them.
 */
export interface AccountWish {
  readonly email?: string | undefined
  readonly password?: string | undefined
  readonly login_type?: 'password' | 'none' | undefined
  readonly service_account?: boolean | undefined
  readonly owner?: string | undefined
}

/** How a new account signs in, if it does, and its address. Throws `invalid` with all that does not fit together. */
export function readAccount(wish: AccountWish): { email: string; loginType: 'password' | 'none' } {
  const { email, password, service_account = false, owner } = wish
  const loginType = service_account ? 'none' : (wish.login_type ?? 'password')
  const problems: Problem[] = []
  const refuse = (field: string, detail: string) => problems.push({ field, detail })
  if (service_account && wish.login_type === 'password') refuse('login_type', 'must be none for a service account')
  if (service_account && email !== undefined) refuse('email', 'must be left out for a service account')
  if (!service_account && email === undefined) refuse('email', 'is needed')
  if (!service_account && owner !== undefined) refuse('owner', 'is for service accounts')
  if (loginType === 'password' && password === undefined) refuse('password', 'is needed')
  if (loginType === 'none' && password !== undefined) {
    refuse('password', 'must be left out for a user who does not sign in with one')
  }
  if (problems.length > 0) throw new Fault('invalid', 'such a user cannot be made', { problems })
  return { email: email ?? '', loginType }
}

/** Who is responsible: the person named, or whoever makes it. Null for an account of a person. */
export async function responsibleFor(tx: Tx, actor: Actor, wish: AccountWish): Promise<Uuid | null> {
  if (wish.service_account !== true) return null
  const ref = wish.owner ?? 'me'
  const found = await findUser(tx, ref === 'me' ? { id: actor.userId } : isUuid(ref) ? { id: ref } : { username: ref })
  const isFit = found !== undefined && !found.is_service_account && found.status !== 'suspended'
  if (isFit && allows(actor, 'user:read', { ownerId: found.id })) return found.id
  const problems = [{ field: 'owner', detail: 'is not a person who could be responsible' }]
  throw new Fault('invalid', 'such a user cannot be made', { problems })
}
