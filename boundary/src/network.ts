import type { Clock, Log } from '@reeve/base'
import { namesHost } from '@reeve/policy'
import type { BoundaryConfig } from './config/config.ts'
import { createDial, type DialEffects } from './dial/dial.ts'
import { createNameGate } from './dns/name-limits.ts'
import { createNames } from './dns/names.ts'
import { createResolver, type Resolver } from './dns/resolver.ts'
import { doorHost, doorJudge } from './door/door-judge.ts'
import { createDoor } from './door/door.ts'
import { gatewayJudge, gatewayPlaces, portsOfThisMachine } from './proxy/gateway-judge.ts'
import { policyJudge } from './proxy/policy-judge.ts'
import { createProxy, type Proxy } from './proxy/proxy.ts'
import type { Inject } from './control/answers.ts'
import { createUpstreams } from './proxy/upstreams.ts'
import type { BoundarySession } from './session.ts'
import { createAuthority } from './tls/authority.ts'
import type { Timers } from './timers.ts'

export interface Network extends AsyncDisposable {
  readonly proxy: Proxy
  readonly resolver: Resolver
  /** The session's own certificate authority, PEM. Its key is in the memory of this process and nowhere else. */
  readonly certificate: string
  /** Where the gateway is on this machine's own loopback: the sandbox reaches it there too. */
  readonly gatewayPorts: readonly number[]
}

/** Name server, proxy and certificate authority of one session, around its policy and its record. */
export function openNetwork(options: {
  readonly session: BoundarySession
  readonly config: BoundaryConfig
  readonly dialling: DialEffects
  /** Certificates that servers must lead to; undefined for those that Node brings. */
  readonly roots: readonly string[] | undefined
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
}): Network {
  const { session, config, dialling, roots, clock, timers, log } = options
  const { recorder, key, id } = session
  const controlPlane = config.controlPlane?.url ?? null
  const gateway = () => gatewayPlaces(session.injects, controlPlane)
  const { workspaceAgent } = config
  const whatRulesSay = gatewayJudge(policyJudge(session.policy, clock), gateway)
  const judge = workspaceAgent === null ? whatRulesSay : doorJudge(whatRulesSay)
  const own = config.injects.flatMap(targets)
  const authority = createAuthority({ clock })
  const names = createNames()
  const gate = createNameGate(
    (name) => namesHost(session.policy.current, name) || (workspaceAgent !== null && name === doorHost),
  )
  const dial = createDial(dialling)
  const resolver = createResolver({ judge, names, gate, recorder, deniedNames: 'page' })
  const proxy = createProxy({
    judge,
    recorder,
    dial,
    upstreams: createUpstreams({ dial, roots }),
    gate,
    seal: { session: id, sign: key.sign },
    injects: () => [...gateway(), ...own],
    canRequest: config.controlPlane !== null,
    approvals: session.approvals,
    askWaitMs: () => session.policy.current.askWaitMs,
    timers,
    clock,
    log,
    authority,
    names,
    resolver,
    door: workspaceAgent === null ? null : createDoor(workspaceAgent, clock),
  })
  return {
    proxy,
    resolver,
    certificate: authority.certificate,
    gatewayPorts: portsOfThisMachine(session.injects, controlPlane),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

function targets({ host, ports, http }: BoundaryConfig['injects'][number]): readonly Inject[] {
  const paths = http === null || http.paths.length === 0 ? ['/**'] : http.paths
  return host.flatMap((name) => ports.map((port) => ({ host: name, port, paths })))
}
