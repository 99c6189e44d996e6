import type { Grantable } from '@reeve/sdk'
import {
  BadgeCheck,
  Blocks,
  Bot,
  BrickWallShield,
  Building2,
  ChartColumn,
  CircleUser,
  Cloud,
  DoorOpen,
  Gavel,
  Hourglass,
  History,
  Inbox,
  KeyRound,
  ListTodo,
  LockKeyhole,
  LogIn,
  MessagesSquare,
  MonitorCog,
  Network,
  Satellite,
  ScrollText,
  ShieldCheck,
  Users,
  UsersRound,
} from 'lucide-react'
import type { May, Place } from '../api/may.ts'

/** A place of the console, and who has a use for it. */
export interface Entry {
  readonly to:
    | '/sessions'
    | '/requests'
    | '/usage'
    | '/network'
    | '/policies'
    | '/access-requests'
    | '/tasks'
    | '/workspaces'
    | '/templates'
    | '/inbox'
    | '/tokens'
    | '/me'
    | '/people'
    | '/service-accounts'
    | '/groups'
    | '/organizations'
    | '/roles'
    | '/sign-in'
    | '/providers'
    | '/encryption'
    | '/licenses'
    | '/audit'
    | '/audit/sinks'
    | '/holds'
    | '/retention'
  readonly title: string
  readonly short: string
  readonly letter: string
  readonly icon: typeof Users
  readonly group: 'Activity' | 'Mine' | 'Administration' | 'Record'
  /** What the server wants for what the page asks first; null where everybody has something of his own. */
  readonly needs: readonly [permission: Grantable, place: Place] | null
}

/** In the order of the rail; those that the viewer cannot use are not in it. */
export const places: readonly Entry[] = [
  {
    to: '/sessions',
    title: 'Sessions',
    short: 'Sessions',
    letter: 's',
    icon: MessagesSquare,
    group: 'Activity',
    needs: null,
  },
  {
    to: '/requests',
    title: 'Requests',
    short: 'Requests',
    letter: 'r',
    icon: History,
    group: 'Activity',
    needs: null,
  },
  { to: '/usage', title: 'Usage', short: 'Usage', letter: 't', icon: ChartColumn, group: 'Activity', needs: null },
  {
    to: '/network',
    title: 'Network',
    short: 'Network',
    letter: 'w',
    icon: Network,
    group: 'Activity',
    needs: null,
  },
  {
    to: '/access-requests',
    title: 'Access requests',
    short: 'Access',
    letter: 'x',
    icon: DoorOpen,
    group: 'Activity',
    needs: null,
  },
  {
    to: '/tasks',
    title: 'Tasks',
    short: 'Tasks',
    letter: 'q',
    icon: ListTodo,
    group: 'Activity',
    needs: ['task:read', 'mine'],
  },
  {
    to: '/workspaces',
    title: 'Workspaces',
    short: 'Spaces',
    letter: 'z',
    icon: MonitorCog,
    group: 'Activity',
    needs: ['workspace:read', 'mine'],
  },
  {
    to: '/templates',
    title: 'Templates',
    short: 'Templates',
    letter: 'j',
    icon: Blocks,
    group: 'Activity',
    needs: ['template:read', 'somewhere'],
  },
  { to: '/inbox', title: 'Inbox', short: 'Inbox', letter: 'b', icon: Inbox, group: 'Mine', needs: null },
  { to: '/tokens', title: 'My tokens', short: 'Tokens', letter: 'k', icon: KeyRound, group: 'Mine', needs: null },
  { to: '/me', title: 'My profile', short: 'Profile', letter: 'm', icon: CircleUser, group: 'Mine', needs: null },
  {
    to: '/people',
    title: 'People',
    short: 'People',
    letter: 'p',
    icon: Users,
    group: 'Administration',
    needs: ['user:read', 'somewhere'],
  },
  {
    to: '/service-accounts',
    title: 'Service accounts',
    short: 'Services',
    letter: 'v',
    icon: Bot,
    group: 'Administration',
    needs: ['user:read', 'somewhere'],
  },
  {
    to: '/groups',
    title: 'Groups',
    short: 'Groups',
    letter: 'u',
    icon: UsersRound,
    group: 'Administration',
    needs: ['group:read', 'somewhere'],
  },
  {
    to: '/organizations',
    title: 'Organizations',
    short: 'Places',
    letter: 'n',
    icon: Building2,
    group: 'Administration',
    needs: ['organization_member:read', 'somewhere'],
  },
  {
    to: '/roles',
    title: 'Roles',
    short: 'Roles',
    letter: 'o',
    icon: ShieldCheck,
    group: 'Administration',
    needs: ['role:read', 'somewhere'],
  },
  {
    to: '/sign-in',
    title: 'Sign-in',
    short: 'Sign-in',
    letter: 'i',
    icon: LogIn,
    group: 'Administration',
    needs: ['idp_settings:read', 'everywhere'],
  },
  {
    to: '/policies',
    title: 'Policies',
    short: 'Policies',
    letter: 'f',
    icon: BrickWallShield,
    group: 'Administration',
    needs: ['boundary_policy:read', 'somewhere'],
  },
  {
    to: '/providers',
    title: 'Providers',
    short: 'Providers',
    letter: 'd',
    icon: Cloud,
    group: 'Administration',
    needs: ['ai_provider:read', 'everywhere'],
  },
  {
    to: '/encryption',
    title: 'Encryption',
    short: 'Keys',
    letter: 'e',
    icon: LockKeyhole,
    group: 'Administration',
    needs: ['deployment_config:read', 'everywhere'],
  },
  {
    to: '/licenses',
    title: 'Licences',
    short: 'Licences',
    letter: 'c',
    icon: BadgeCheck,
    group: 'Administration',
    needs: ['license:read', 'everywhere'],
  },
  {
    to: '/audit',
    title: 'Audit log',
    short: 'Audit',
    letter: 'a',
    icon: ScrollText,
    group: 'Record',
    needs: ['audit_log:read', 'somewhere'],
  },
  {
    to: '/audit/sinks',
    title: 'Audit sinks',
    short: 'Sinks',
    letter: 'l',
    icon: Satellite,
    group: 'Record',
    needs: ['audit_log:read', 'everywhere'],
  },
  {
    to: '/holds',
    title: 'Legal holds',
    short: 'Holds',
    letter: 'h',
    icon: Gavel,
    group: 'Record',
    needs: ['audit_log:read', 'everywhere'],
  },
  {
    to: '/retention',
    title: 'Retention',
    short: 'Retention',
    letter: 'y',
    icon: Hourglass,
    group: 'Record',
    needs: ['audit_log:read', 'everywhere'],
  },
]

export const placesFor = (may: May): readonly Entry[] => places.filter(({ needs }) => needs === null || may(...needs))

/** Whether the viewer sees what others did, and not their own sessions only. */
export const seesEverybody = (may: May): boolean => may('interception:read')
