import { Counter, type Registry } from 'prom-client'
import type { Keyring } from '../../keyring/keyring.ts'
import type { Identity } from '../identity.ts'
import { createProvider, type Provider } from './provider.ts'
import type { OidcConfig } from './settings.ts'

/** What the functions of this folder are given. Made once, where a provider is configured. */
export interface Oidc {
  readonly identity: Identity
  readonly config: OidcConfig
  readonly provider: Provider
  readonly keyring: Keyring
  readonly redirectUri: string
  readonly signIns: Counter<'outcome'>
  readonly refreshes: Counter<'outcome'>
}

export function createOidc(options: {
  readonly identity: Identity
  readonly config: OidcConfig
  readonly keyring: Keyring
  readonly metrics: Registry
}): Oidc {
  const { identity, config, keyring, metrics } = options
  const { clock, log, accessUrl } = identity
  // Fixed by the configured address, whatever a request says about the name that it came for.
  const redirectUri = `${accessUrl}/api/v2/users/oidc/callback`
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ['outcome'], registers: [metrics] })
  return {
    identity,
    config,
    provider: createProvider({ config, redirectUri, clock, log }),
    keyring,
    redirectUri,
    signIns: counter('reeve_oidc_sign_ins_total', 'Sign-ins through the identity provider.'),
    refreshes: counter(
      'reeve_oidc_refreshes_total',
      'Times that the identity provider was asked about somebody between sign-ins.',
    ),
  }
}
