import type { User } from '@reeve/sdk'
import { CircleUser, History, KeyRound, LogIn, MessagesSquare, ScrollText, ShieldCheck, Users } from 'lucide-react'

/** The entries of the rail, in order; those that the viewer cannot use are not there. */
export interface Entry {
  readonly to: '/sessions' | '/requests' | '/tokens' | '/me' | '/people' | '/roles' | '/sign-in' | '/audit'
  readonly title: string
  readonly short: string
  readonly letter: string
  readonly icon: typeof Users
  readonly group: 'Activity' | 'Mine' | 'Administration'
}

const everybody: readonly Entry[] = [
  { to: '/sessions', title: 'Sessions', short: 'Sessions', letter: 's', icon: MessagesSquare, group: 'Activity' },
  { to: '/requests', title: 'Requests', short: 'Requests', letter: 'r', icon: History, group: 'Activity' },
  { to: '/tokens', title: 'My tokens', short: 'Tokens', letter: 'k', icon: KeyRound, group: 'Mine' },
  { to: '/me', title: 'My profile', short: 'Profile', letter: 'm', icon: CircleUser, group: 'Mine' },
]
const administrators: readonly Entry[] = [
  { to: '/people', title: 'People', short: 'People', letter: 'p', icon: Users, group: 'Administration' },
  { to: '/roles', title: 'Roles', short: 'Roles', letter: 'o', icon: ShieldCheck, group: 'Administration' },
  { to: '/sign-in', title: 'Sign-in', short: 'Sign-in', letter: 'i', icon: LogIn, group: 'Administration' },
  { to: '/audit', title: 'Audit log', short: 'Audit', letter: 'a', icon: ScrollText, group: 'Administration' },
]

export const hasRole = (user: User, ...names: readonly string[]): boolean =>
  user.roles.some(({ name }) => names.includes(name))

/** Whether the viewer sees what others did, and not their own sessions only. */
export const seesEverybody = (user: User): boolean => hasRole(user, 'owner', 'auditor')

export const entriesFor = (user: User): readonly Entry[] =>
  seesEverybody(user)
    ? [...everybody, ...administrators.filter(({ to }) => to !== '/sign-in' || hasRole(user, 'owner'))]
    : everybody
