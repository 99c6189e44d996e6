import { availableParallelism } from 'node:os'
import { type Option, option } from './config-option.ts'
import * as types from './config-types.ts'

/** What a server does. Every server does both unless told otherwise; any number of them share one database. */
export interface Roles {
  /** The management API, the console, and the jobs that run on their own. It also brings the database to its shape. */
  readonly control: boolean
  /** Relays requests to models and records them. */
  readonly gateway: boolean
}

const roles: types.ValueType<Roles> = {
  label: 'control, gateway, or both with a comma',
  read(given) {
    const names = given.split(',').map((name) => name.trim())
    const unknown = names.find((name) => name !== 'control' && name !== 'gateway')
    if (unknown !== undefined) return { problem: `has ${JSON.stringify(unknown.slice(0, 40))}, which is no role` }
    return { value: { control: names.includes('control'), gateway: names.includes('gateway') } }
  },
}

const processesMax = 256

const processes: types.ValueType<number> = {
  label: 'whole number, or auto',
  read(given) {
    return given === 'auto' ? { value: availableParallelism() } : types.integer(1, processesMax).read(given)
  },
}

export const rolesOptions = {
  roles: option('Server', 'control,gateway', {
    env: 'REEVE_ROLES',
    yaml: 'roles',
    type: roles,
    description:
      'What this server does. control: management API, console and jobs; gateway: relaying and recording requests to ' +
      'models. A server with only one of them needs a PostgreSQL of your own.',
  }),
  gatewayProcesses: option('Server', '1', {
    env: 'REEVE_GATEWAY_PROCESSES',
    yaml: 'gateway_processes',
    type: processes,
    description:
      'In how many processes this machine relays requests, each on a core; auto takes one for each core. With more than ' +
      'one, control runs in a process of its own.',
  }),
} as const

type RolesValues = {
  readonly [K in keyof typeof rolesOptions]: (typeof rolesOptions)[K] extends Option<infer T> ? T : never
}

export function rolesContradictions(
  { roles: given, gatewayProcesses, postgresUrl }: RolesValues & { readonly postgresUrl: object | null },
  refuse: (name: keyof RolesValues, detail: string) => void,
): void {
  if (given.control !== given.gateway && postgresUrl === null) {
    refuse('roles', 'needs REEVE_POSTGRES_URL: no other server can reach the built-in PostgreSQL')
  }
  if (!given.gateway && gatewayProcesses > 1) refuse('gatewayProcesses', 'is for a server with the role gateway')
}
