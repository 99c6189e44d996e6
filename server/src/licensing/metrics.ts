import { type Log, toError } from '@reeve/base'
import { Gauge, type Registry } from 'prom-client'
import { type Licensing, lookAtLicenses, type Standing } from './standing.ts'

interface Measure {
  readonly name: string
  readonly help: string
  readonly value: (standing: Standing) => number
  /** Dashboards of the field ask for it under this prefix as well. */
  readonly isOfTheField?: true
}

const numbers: readonly Measure[] = [
  {
    name: 'license_active_users',
    help: 'Users that a licence counts: active people.',
    value: ({ activeUsers }) => activeUsers,
    isOfTheField: true,
  },
  {
    name: 'license_limit_users',
    help: 'How many users the licences are for; 0 without such a limit.',
    value: ({ users }) => users?.limit ?? 0,
    isOfTheField: true,
  },
  {
    name: 'license_user_limit_enabled',
    help: '1 when a licence says how many users.',
    value: ({ users }) => (users === null ? 0 : 1),
    isOfTheField: true,
  },
  {
    name: 'license_warnings',
    help: 'Warnings about licences that administrators are shown.',
    value: ({ warnings }) => warnings.length,
    isOfTheField: true,
  },
  {
    name: 'license_errors',
    help: 'Licences that do not count, and clocks that are wrong.',
    value: ({ errors }) => errors.length,
    isOfTheField: true,
  },
  {
    name: 'agent_workspace_builds_used',
    help: 'Agent Workspace Builds of the period that counts.',
    value: ({ used }) => used,
  },
  {
    name: 'agent_workspace_builds_limit',
    help: 'How many Agent Workspace Builds that period has.',
    value: ({ allowance }) => allowance.limit,
  },
]

/** One for all replicas: each of them tells of all of it. */
export function registerLicenseMetrics(registry: Registry, room: Licensing, log: Log): void {
  let reading: Promise<Standing | null> | null = null
  // Gauges are asked side by side: they share one reading.
  const read = (): Promise<Standing | null> =>
    (reading ??= lookAtLicenses(room.db.sql, room)
      .catch((thrown: unknown) => {
        // Nothing is shown then, rather than what was.
        log.debug({ err: toError(thrown) }, 'the licences cannot be measured')
        return null
      })
      .finally(() => (reading = null)))
  for (const { name, help, value, isOfTheField = false } of numbers) {
    for (const prefix of isOfTheField ? ['reeve_', 'coderd_'] : ['reeve_']) {
      // oxlint-disable-next-line no-new -- It registers itself.
      new Gauge({
        name: prefix + name,
        help: prefix === 'reeve_' ? help : `The same as reeve_${name}.`,
        registers: [registry],
        aggregator: 'max',
        async collect() {
          const standing = await read()
          if (standing === null) this.reset()
          else this.set(value(standing))
        },
      })
    }
  }
}
