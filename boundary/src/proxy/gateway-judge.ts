import type { AddressClass, Decision } from '@reeve/policy'
import type { Inject } from '../control/answers.ts'
import type { Judge, Verdict } from './judge.ts'
import { isInjectTarget } from './seal.ts'

/**
 * Opens the way to the gateway, whose places the control plane names when a session is registered: an agent is nothing
 * without its model, and nobody has to write a rule for that. Only where no rule says otherwise; only the gateway's own
 * paths, so that the rest of the control plane's interface stays shut; and whatever kind of address it has, a private one
 * or one of this machine. A cloud's metadata it never is.
 */
export function gatewayJudge(judge: Judge, places: () => readonly Inject[]): Judge {
  return {
    request(request) {
      const verdict = judge.request(request)
      const own = places().map((place) => (isSameHost(place.host, request.host) ? { ...place, host: request.host } : place)) // prettier-ignore
      if (!isInjectTarget(own, request)) return verdict
      const { decision, passes } = openedAs(gatewayRule, verdict)
      return { passes, decision: passes ? { ...decision, deniedClasses: neverGateway } : decision }
    },
    connection(connection) {
      const isNear = places().some(({ host, port }) => port === connection.port && isSameHost(host, connection.host))
      return isNear ? openedAs(gatewayRule, judge.connection(connection)) : judge.connection(connection)
    },
    name(name) {
      return places().some(({ host }) => host === name) ? openedAs(gatewayRule, judge.name(name)) : judge.name(name)
    },
    onChange: (listener) => judge.onChange(listener),
  }
}

/** As which rule the way to the gateway stands in the record. */
export const gatewayRule = 'gateway'

const neverGateway: readonly AddressClass[] = ['metadata']

/** What no rule says anything about passes, and stands in the record as that rule. */
export function openedAs<D extends Decision>(rule: string, verdict: Verdict<D>): Verdict<D> {
  if (verdict.decision.effect !== 'deny' || verdict.decision.reason !== 'no-matching-rule') return verdict
  return { passes: true, decision: { ...verdict.decision, effect: 'allow', rule, reason: 'rule' } }
}

/**
 * The places of the gateway by every address that leads there: the one that it calls its own, and the one that this
 * machine signed in at.
 */
export function gatewayPlaces(named: readonly Inject[], controlPlane: string | null): readonly Inject[] {
  if (controlPlane === null || named.length === 0) return named
  return [...named, { ...placeOf(controlPlane), paths: [...new Set(named.flatMap(({ paths }) => paths))] }]
}

/** Ports of this machine's own loopback that are the gateway's, and not the sandbox's. */
export function portsOfThisMachine(named: readonly Inject[], controlPlane: string | null): readonly number[] {
  const places = [...named, ...(controlPlane === null ? [] : [placeOf(controlPlane)])]
  return [...new Set(places.filter(({ host }) => isThisMachine(host)).map(({ port }) => port))]
}

function placeOf(url: string): Pick<Inject, 'host' | 'port'> {
  const { hostname, port, protocol } = new URL(url)
  const usual = protocol === 'https:' ? 443 : 80
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) }
}

const isThisMachine = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.[\d.]+$/.test(host)

/** This machine goes by several names. */
const isSameHost = (one: string, other: string): boolean =>
  one === other || (isThisMachine(one) && isThisMachine(other))
