import { Fault, formatDuration, type Problem } from '@reeve/base'
import { type AllowedObject, Scope, scopeAliases } from '@reeve/sdk'
import { mayHandOut } from '../access/scopes.ts'

/** What a new token may be and when a user may be suspended: decisions, without the database. */

export interface TokenWish {
  readonly scope?: string | undefined
  readonly scopes?: readonly string[] | undefined
  /** Nanoseconds. */
  readonly lifetime?: number | undefined
  readonly lifetime_seconds?: number | undefined
  readonly allow_list?: readonly AllowedObject[] | undefined
}

/** The credential that a token is made with: the new one never may more, and never lives longer than its rule says. */
export interface TokenMaker {
  readonly scopes: readonly Scope[]
  /** Null: every object. */
  readonly allowList: readonly AllowedObject[] | null
  /** A token's tokens end with it. Null for a session, whose tokens outlive it, up to the deployment's limit. */
  readonly livesForMs: number | null
}

export interface TokenLimits {
  readonly defaultLifetimeMs: number
  readonly maxLifetimeMs: number
}

export interface TokenTerms {
  readonly scopes: readonly Scope[]
  readonly lifetimeMs: number
  readonly allowList: readonly AllowedObject[] | null
}

/**
 * A token never may more than the credential that made it, and without a wish may as much. Throws `invalid` with every
 * problem of the wish, or `forbidden`.
 */
export function tokenTerms(wish: TokenWish, maker: TokenMaker, limits: TokenLimits): TokenTerms {
  const held = maker.scopes
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
  const field = wish.lifetime_seconds === undefined ? 'lifetime' : 'lifetime_seconds'
  const livesForMs = Math.floor((maker.livesForMs ?? Infinity) / 1000) * 1000
  const lifetimeMs = Math.ceil((asked ?? Math.min(limits.defaultLifetimeMs, livesForMs)) / 1000) * 1000
  if (lifetimeMs > limits.maxLifetimeMs) {
    problems.push({ field, detail: `a token may live for ${formatDuration(limits.maxLifetimeMs)} at most` })
  } else if (lifetimeMs > livesForMs) {
    const detail = `the token that makes it ends in ${formatDuration(livesForMs)}, and a token does not outlive its maker`
    problems.push({ field, detail })
  }
  if (problems.length > 0) throw new Fault('invalid', 'such a token cannot be made', { problems })
  const granted = simplest(scopes.length === 0 ? held : scopes.filter((scope) => scope !== undefined))
  const beyond = granted.find((scope) => !mayHandOut(held, scope))
  if (beyond !== undefined) {
    throw new Fault('forbidden', `this credential cannot hand out the scope ${beyond}, which it does not have`)
  }
  return { scopes: granted, lifetimeMs, allowList: allowListOf(wish.allow_list, maker.allowList) }
}

function allowListOf(
  wish: readonly AllowedObject[] | undefined,
  held: readonly AllowedObject[] | null,
): readonly AllowedObject[] | null {
  if (wish === undefined) return held
  const isHeld = ({ type, id }: AllowedObject): boolean =>
    held === null || held.some((one) => ['*', type].includes(one.type) && ['*', id].includes(one.id))
  const beyond = wish.find((one) => !isHeld(one))
  if (beyond !== undefined) {
    throw new Fault('forbidden', `this credential cannot hand out ${beyond.type}:${beyond.id}, which it is not for`)
  }
  return wish.some(({ type, id }) => type === '*' && id === '*') ? null : wish
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
