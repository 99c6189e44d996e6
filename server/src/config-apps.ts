import { optional } from './config-option.ts'
import * as types from './config-types.ts'

const hostLabel = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const wildcardPattern = new RegExp(`^\\*(\\.${hostLabel})+(?::[0-9]{1,5})?$`)

const wildcardHost: types.ValueType<string> = {
  label: 'a name that begins with *.',
  read(given) {
    const value = given.toLowerCase()
    return wildcardPattern.test(value) ? { value } : { problem: 'is not like *.apps.example.com' }
  },
}

/** Where the apps of workspaces are reached, and where servers of one deployment reach each other. */
export const appOptions = {
  wildcardAccessUrl: optional<string>('Workspaces', {
    env: 'REEVE_WILDCARD_ACCESS_URL',
    yaml: 'workspaces.wildcard_access_url',
    type: wildcardHost,
    fallbackLabel:
      '*.apps.localhost where only this machine reaches the server over http; otherwise apps are not served',
    description:
      'Under which names apps and ports of workspaces are served, each with an origin of its own: *.apps.example.com, ' +
      'which DNS and the certificate have to know. Scheme and port are those of REEVE_ACCESS_URL, unless a port is said.',
    aliases: ['CODER_WILDCARD_ACCESS_URL'],
  }),
  relayUrl: optional<string>('Workspaces', {
    env: 'REEVE_RELAY_URL',
    yaml: 'workspaces.relay_url',
    type: types.httpOrigin,
    fallbackLabel: 'no other server reaches this one',
    description:
      'Where the other servers of this deployment reach this very one. Terminals, apps and ports go over it when their ' +
      'agent is connected here and their user is not.',
    aliases: ['CODER_DERP_SERVER_RELAY_URL'],
  }),
} as const

export interface AppsConfig {
  /** As `*.apps.example.com`; null where no apps are served. */
  readonly wildcard: string | null
  /** Empty where there is none. */
  readonly relayUrl: string
}

/** Browsers resolve it without DNS. */
const localWildcard = '*.apps.localhost'

/** Without certificates, on a server that only this machine reaches, apps need nothing to be set up. */
export const appsConfig = (
  values: { readonly wildcardAccessUrl: string | null; readonly relayUrl: string | null },
  isLocal: boolean,
): AppsConfig => ({
  wildcard: values.wildcardAccessUrl ?? (isLocal ? localWildcard : null),
  relayUrl: values.relayUrl ?? '',
})
