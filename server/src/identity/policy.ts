import { Fault, formatDuration, type Problem } from '@reeve/base'
import { Scope, scopeAliases } from '@reeve/sdk'
import { mayHandOut } from '../access/scopes.ts'

/** What a new token may be and when a user may be suspended: decisions, without the database. */

export interface TokenWish {
  readonly scope?: string | undefined
  readonly scopes?: readonly string[] | undefined
  /** Nanoseconds. */
  readonly lifetime?: number | undefined
  readonly lifetime_seconds?: number | undefined
}

export interface TokenLimits {
  readonly defaultLifetimeMs: number
  readonly maxLifetimeMs: number
}

export interface TokenTerms {
  readonly scopes: readonly Scope[]
  readonly lifetimeMs: number
}

/**
 * A token never may more than the credential that made it, and without a wish may as much. Throws `invalid` with every
 * problem of the wish, or `forbidden`.
 */
export function tokenTerms(wish: TokenWish, held: readonly Scope[], limits: TokenLimits): TokenTerms {
  const problems: Problem[] = []
  const wanted = [...(wish.scope === undefined ? [] : [wish.scope]), ...(wish.scopes ?? [])]
  const scopes = wanted.map((text) => {
    const read = Scope.safeParse(scopeAliases[text] ?? text)
    if (!read.success) {
      const field = text === wish.scope ? 'scope' : 'scopes'
      problems.push({
        field,
        detail: `there is no scope ${JSON.stringify(text)}; there are all, gateway, api, and permissions like audit_log:read or audit_log:*`,
      })
    }
    return read.data
  })
  const asked =
    wish.lifetime_seconds === undefined ? wish.lifetime && wish.lifetime / 1e6 : wish.lifetime_seconds * 1000
  const lifetimeMs = Math.ceil((asked ?? limits.defaultLifetimeMs) / 1000) * 1000
  if (lifetimeMs > limits.maxLifetimeMs) {
    const field = wish.lifetime_seconds === undefined ? 'lifetime' : 'lifetime_seconds'
    problems.push({ field, detail: `a token may live for ${formatDuration(limits.maxLifetimeMs)} at most` })
  }
  if (problems.length > 0) throw new Fault('invalid', 'such a token cannot be made', { problems })
  const granted = simplest(scopes.length === 0 ? held : scopes.filter((scope) => scope !== undefined))
  const beyond = granted.find((scope) => !mayHandOut(held, scope))
  if (beyond !== undefined) {
    throw new Fault('forbidden', `this credential cannot hand out the scope ${beyond}, which it does not have`)
  }
  return { scopes: granted, lifetimeMs }
}

const simplest = (scopes: readonly Scope[]): readonly Scope[] =>
  scopes.includes('all') ? ['all'] : [...new Set(scopes)]

/**
 * The states of a user: active ⇄ suspended. A suspended user's credentials are ended, not paused: after activation they
 * stay ended. `dormant` is an active user who has not been seen for long. Throws `conflict` when the step would leave
 * nobody who could undo it.
 */
export function checkSuspension(
  user: { readonly id: string; readonly isOwner: boolean },
  actorId: string,
  activeOwners: number,
): void {
  if (user.id === actorId) throw new Fault('conflict', 'nobody can suspend himself')
  if (user.isOwner && activeOwners <= 1) throw new Fault('conflict', 'the last owner cannot be suspended')
}
