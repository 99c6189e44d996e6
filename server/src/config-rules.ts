import { isIP } from 'node:net'
import type { Problem } from '@reeve/base'
import { bedrockContradictions } from './config-bedrock.ts'
import { gatewayContradictions } from './config-gateway.ts'
import { notificationContradictions } from './config-notifications.ts'
import { oidcContradictions } from './config-oidc.ts'
import type { OptionName, Values } from './config-options.ts'
import { openProviders } from './config-providers.ts'
import { retentionContradictions } from './config-retention.ts'
import { rolesContradictions } from './config-roles.ts'
import { traceContradictions } from './config-tracing.ts'
import { sameAddress } from './config-types.ts'

/** Settings that are each fine and together are not: contradictions, and combinations that would expose a secret. */
export function contradictions(
  values: Values,
  placeOf: (name: OptionName) => string,
  /** Also of what was given and could not be read, which is no value then, and told already. */
  isGiven: (name: OptionName) => boolean,
): Problem[] {
  const problems: Problem[] = []
  const refuse = (name: OptionName, detail: string) => problems.push({ field: placeOf(name), detail })
  const { httpAddress, accessUrl, tlsCertFile, tlsKeyFile, insecureHttp } = values

  if (tlsCertFile !== null && tlsKeyFile === null) refuse('tlsCertFile', 'needs REEVE_TLS_KEY_FILE as well')
  if (tlsKeyFile !== null && tlsCertFile === null) refuse('tlsKeyFile', 'needs REEVE_TLS_CERT_FILE as well')
  if (!insecureHttp) {
    const behindTls = tlsCertFile !== null || accessUrl?.startsWith('https:') === true
    if (!isLoopback(httpAddress.host) && !behindTls) {
      refuse(
        'httpAddress',
        `${httpAddress.host} can be reached from other machines without encryption. Set REEVE_TLS_CERT_FILE and ` +
          'REEVE_TLS_KEY_FILE, or REEVE_ACCESS_URL to the https address of a proxy in front, or accept it with ' +
          '--insecure-http',
      )
    }
    if (accessUrl !== null && isOpenHttp(accessUrl)) {
      refuse(
        'accessUrl',
        'would carry passwords and tokens without encryption. Use https, or accept it with --insecure-http',
      )
    }
    for (const name of openProviders(values, isOpenHttp)) {
      refuse(name, 'would carry the provider key without encryption. Use https, or accept it with --insecure-http')
    }
  }
  bedrockContradictions(values, refuse, isOpenHttp)
  oidcContradictions(values, refuse, isOpenHttp)
  if (values.sessionDuration > values.sessionMaxDuration) {
    refuse('sessionDuration', 'is longer than REEVE_SESSION_MAX_DURATION allows')
  }
  if (values.defaultTokenLifetime > values.maxTokenLifetime) {
    refuse('defaultTokenLifetime', 'is longer than REEVE_MAX_TOKEN_LIFETIME allows')
  }
  if (values.prometheusEnable && sameAddress(values.prometheusAddress, httpAddress)) {
    refuse('prometheusAddress', 'is the address of the server itself')
  }
  rolesContradictions(values, refuse)
  gatewayContradictions(values, refuse)
  retentionContradictions(values, refuse)
  traceContradictions(values, refuse, (url) => !insecureHttp && isOpenHttp(url))
  notificationContradictions(values, { isLoopback, isGiven, refuse })
  return problems
}

/** Whether only this machine can connect to the host. A name other than `localhost` may resolve to anything. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1'
}

/** Whether only this machine can reach the server, by where it listens and what it is called. */
export function isLocalOnly(httpHost: string, accessUrl: string | null): boolean {
  const publicHost = accessUrl === null ? null : new URL(accessUrl).hostname.replace(/^\[|\]$/g, '')
  return isLoopback(httpHost) && (publicHost === null || isLoopback(publicHost))
}

/** Plain http to somewhere else. */
export function isOpenHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))
}
