import {
  Bot,
  Building2,
  CircleUser,
  Gavel,
  History,
  Inbox,
  KeyRound,
  LockKeyhole,
  LogIn,
  MessagesSquare,
  Satellite,
  ScrollText,
  ShieldCheck,
  Users,
  UsersRound,
} from 'lucide-react'
import type { May } from '../api/may.ts'

/** A place of the console, and who has a use for it. */
export interface Entry {
  readonly to: string
  readonly title: string
  readonly short: string
  readonly letter: string
  readonly icon: typeof Users
  readonly group: 'Activity' | 'Mine' | 'Administration' | 'Record'
  /** Whether the server would answer what the page asks. */
  readonly isFor: (may: May) => boolean
}

const everybody = () => true

/** In the order of the rail; those that the viewer cannot use are not in it. */
export const places: readonly Entry[] = [
  {
    to: '/sessions',
    title: 'Sessions',
    short: 'Sessions',
    letter: 's',
    icon: MessagesSquare,
    group: 'Activity',
    isFor: everybody,
  },
  {
    to: '/requests',
    title: 'Requests',
    short: 'Requests',
    letter: 'r',
    icon: History,
    group: 'Activity',
    isFor: everybody,
  },
  { to: '/inbox', title: 'Inbox', short: 'Inbox', letter: 'b', icon: Inbox, group: 'Mine', isFor: everybody },
  { to: '/tokens', title: 'My tokens', short: 'Tokens', letter: 'k', icon: KeyRound, group: 'Mine', isFor: everybody },
  { to: '/me', title: 'My profile', short: 'Profile', letter: 'm', icon: CircleUser, group: 'Mine', isFor: everybody },
  {
    to: '/people',
    title: 'People',
    short: 'People',
    letter: 'p',
    icon: Users,
    group: 'Administration',
    isFor: (may) => may('user:read'),
  },
  {
    to: '/service-accounts',
    title: 'Service accounts',
    short: 'Services',
    letter: 'v',
    icon: Bot,
    group: 'Administration',
    isFor: (may) => may('user:read'),
  },
  {
    to: '/groups',
    title: 'Groups',
    short: 'Groups',
    letter: 'u',
    icon: UsersRound,
    group: 'Administration',
    isFor: (may) => may('group:read'),
  },
  {
    to: '/organizations',
    title: 'Organizations',
    short: 'Places',
    letter: 'n',
    icon: Building2,
    group: 'Administration',
    isFor: (may) => may('organization_member:read'),
  },
  {
    to: '/roles',
    title: 'Roles',
    short: 'Roles',
    letter: 'o',
    icon: ShieldCheck,
    group: 'Administration',
    isFor: (may) => may('role:read'),
  },
  {
    to: '/sign-in',
    title: 'Sign-in',
    short: 'Sign-in',
    letter: 'i',
    icon: LogIn,
    group: 'Administration',
    isFor: (may) => may('idp_settings:read', 'everywhere'),
  },
  {
    to: '/encryption',
    title: 'Encryption',
    short: 'Keys',
    letter: 'e',
    icon: LockKeyhole,
    group: 'Administration',
    isFor: (may) => may('deployment_config:read', 'everywhere'),
  },
  {
    to: '/audit',
    title: 'Audit log',
    short: 'Audit',
    letter: 'a',
    icon: ScrollText,
    group: 'Record',
    isFor: (may) => may('audit_log:read'),
  },
  {
    to: '/audit/sinks',
    title: 'Audit sinks',
    short: 'Sinks',
    letter: 'l',
    icon: Satellite,
    group: 'Record',
    isFor: (may) => may('audit_log:read', 'everywhere'),
  },
  {
    to: '/holds',
    title: 'Legal holds',
    short: 'Holds',
    letter: 'h',
    icon: Gavel,
    group: 'Record',
    isFor: (may) => may('audit_log:read', 'everywhere'),
  },
]

export const placesFor = (may: May): readonly Entry[] => places.filter(({ isFor }) => isFor(may))

/** Whether the viewer sees what others did, and not their own sessions only. */
export const seesEverybody = (may: May): boolean => may('interception:read')
