import { agentApp, agentDevcontainer, agentEnv, agentPlan, agentScript } from './agents.ts'
import { type Graph, levels } from './graph.ts'
import { type Instance, mostAlike } from './instance.ts'
import { namesInstance, type References } from './references.ts'
import type { AgentPlan, MetadataItem, Resource } from './resource.ts'
import { scriptOrder } from './script-order.ts'
import { blocks, flag, number, text, textOrNull, type Values } from './values.ts'

/** The instances of a plan or a state, and what is known of how they hang together. */
export interface Parts {
  readonly instances: readonly Instance[]
  readonly graph: Graph
  readonly references: References
}

/**
 * The resources of a build with the agents that run in them.
 *
 * An agent runs in the resource that depends on it and is nearest to it, by the steps between them in the graph; of several
 * equally near ones in the first by name. An agent that nothing depends on has no place to run in, and is left out: that
 * is how a stopped workspace loses its agents. What belongs to an agent is joined by `agent_id`; in a plan the ids are not
 * known yet, and what the argument refers to tells.
 */
export function resourcesOf(parts: Parts): Resource[] {
  const managed = parts.instances.filter(({ mode }) => mode === 'managed')
  const ofType = (type: string) => managed.filter((one) => one.type === type)
  const agents = ofType('coder_agent')
  const hosts = managed.filter(({ type }) => isHost(type))
  const belonging = (type: string) => groupBy(ofType(type), (one) => joined(parts, one, 'agent_id', agents))
  const [apps, scripts, envs] = [belonging('coder_app'), belonging('coder_script'), belonging('coder_env')]
  const [devcontainers, instanceIds] = [belonging('coder_devcontainer'), belonging('coder_agent_instance')]
  const external = belonging('coder_external_agent')
  const hostOf = new Map(agents.map((agent) => [agent, nearestHost(parts, agent, hosts)]))
  const placed = groupBy(agents, (agent) => hostOf.get(agent) ?? null)
  const described = groupBy(ofType('coder_metadata'), (one) => {
    const named = joined(parts, one, 'resource_id', [...hosts, ...agents])
    // What is said of an agent is said of what it runs in; an id that nothing has leaves what else the block depends on.
    return named === null
      ? nearestDependency(parts, one, hosts)
      : (hostOf.get(named) ?? (isHost(named.type) ? named : null))
  })

  const order = scriptOrder(parts)
  const named = agentNames(agents)
  const plan = (agent: Instance): AgentPlan =>
    agentPlan(agent, named.get(agent)!, {
      apps: (apps.get(agent) ?? []).map(agentApp),
      scripts: (scripts.get(agent) ?? []).map((script) => agentScript(script, order.waits.get(script.address) ?? [])),
      envs: (envs.get(agent) ?? []).map(agentEnv),
      devcontainers: (devcontainers.get(agent) ?? []).map(agentDevcontainer),
      instanceId: textOrNull(instanceIds.get(agent)?.[0]?.values['instance_id']),
      external: external.has(agent),
    })

  return hosts.map((host) => {
    const metadata = described.get(host) ?? []
    return {
      address: host.address,
      type: host.type,
      name: host.name,
      mode: 'managed' as const,
      agents: (placed.get(host) ?? []).map(plan),
      metadata: metadata.flatMap(({ values }) => byOrder(blocks(values['item'])).map(metadataItem)),
      hide: metadata.some(({ values }) => flag(values['hide'])),
      icon: metadata.map(({ values }) => text(values['icon'])).find((icon) => icon !== '') ?? '',
      dailyCost: metadata.reduce((sum, { values }) => sum + number(values['daily_cost']), 0),
    }
  })
}

const byOrder = (items: readonly Values[]): Values[] =>
  items.toSorted((one, other) => number(one['order']) - number(other['order']))

const metadataItem = (item: Values): MetadataItem => ({
  key: text(item['key']),
  value: textOrNull(item['value']),
  sensitive: flag(item['sensitive']),
})

/** The name of its block; with the keys of its address where a block, or a module around it, has several. */
function agentNames(agents: readonly Instance[]): Map<Instance, string> {
  const byName = groupBy(agents, ({ name }) => name.toLowerCase())
  return new Map(
    agents.map((agent) => {
      if (byName.get(agent.name.toLowerCase())?.length === 1) return [agent, agent.name]
      const keys = [...agent.address.matchAll(/\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\]/g)].map(
        ([, index, key]) => index ?? key,
      )
      const suffix = keys.join('-').replace(/[^A-Za-z0-9]+/g, '-')
      return [agent, [agent.name, suffix].filter((part) => part !== '').join('-')]
    }),
  )
}

/** What a template says of its agents that no build can have, in words for its author. */
export function agentProblems(resources: readonly Resource[]): string[] {
  const problems: string[] = []
  const names = new Map<string, string>()
  const slugs = new Map<string, string>()
  for (const agent of resources.flatMap(({ agents }) => agents)) {
    const { name, address } = agent
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/i.test(name)) {
      problems.push(`${address}: the name of an agent has letters, digits and single hyphens between them`)
    }
    const other = names.get(name.toLowerCase())
    if (other !== undefined) problems.push(`${address}: ${other} has the same name, apart from the case of letters`)
    names.set(name.toLowerCase(), address)
    for (const app of agent.apps) {
      const taken = slugs.get(app.slug)
      if (taken !== undefined) problems.push(`${app.address}: ${taken} has the slug ${JSON.stringify(app.slug)} too`)
      slugs.set(app.slug, app.address)
    }
    const own = new Set(agent.scripts.map((script) => script.address))
    for (const script of agent.scripts) {
      const strange = script.after.find((wait) => !own.has(wait.script))
      if (strange !== undefined) {
        problems.push(`${script.address}: it cannot wait for ${strange.script}, which another agent runs`)
      }
    }
  }
  return problems
}

/** Agents run in what others' providers make; one that is run elsewhere has its own block to stand for it. */
const isHost = (type: string) => !type.startsWith('coder_') || type === 'coder_external_agent'

function nearestHost(parts: Parts, agent: Instance, hosts: readonly Instance[]): Instance | null {
  const byNode = groupBy(hosts, ({ node }) => node)
  for (const level of levels(parts.graph.dependents, [agent.node])) {
    const found = level.flatMap((node) => byNode.get(node) ?? [])
    // A template that numbers its agents says which one it means.
    const named = found.filter((host) => names(parts, host, agent) === 'this')
    const open = found.filter((host) => names(parts, host, agent) !== 'another')
    const near = named.length > 0 ? named : open
    // The first block by name, even where one further on has the index of the agent; of the block, the instance that has it.
    const first = mostAlike(withoutIndex(agent.address), near)
    if (first === null) continue
    return mostAlike(
      agent.address,
      near.filter(({ node }) => node === first.node),
    )
  }
  return null
}

const withoutIndex = (address: string) => address.replace(/\[[^\]]*\]$/, '')

/** Whether the arguments of a resource name this very instance, another one of its block, or none in particular. */
function names(parts: Parts, from: Instance, to: Instance): 'this' | 'another' | 'none' {
  const indexed = parts.references.of(from.node).filter(({ node, address }) => node === to.node && address !== null)
  if (indexed.length === 0) return 'none'
  return indexed.some((reference) => namesInstance(reference, from, to)) ? 'this' : 'another'
}

/** The one that an argument means: by its id where that is known, else by what the argument refers to. */
function joined(parts: Parts, one: Instance, argument: string, candidates: readonly Instance[]): Instance | null {
  const id = one.values[argument]
  if (typeof id === 'string' && id !== '') {
    const found = candidates.find(({ values }) => values['id'] === id)
    if (found !== undefined) return found
  }
  const byNode = groupBy(candidates, ({ node }) => node)
  const references = parts.references.of(one.node, argument)
  const start = references.map(({ node }) => node)
  for (const level of [start, ...levels(parts.graph.dependencies, start)]) {
    const found = [...new Set(level)].flatMap((node) => byNode.get(node) ?? [])
    const named = found.filter((candidate) => references.some((each) => namesInstance(each, one, candidate)))
    const nearest = mostAlike(one.address, named.length > 0 ? named : found, { byAnyKey: true })
    if (nearest !== null) return nearest
  }
  return null
}

function nearestDependency(parts: Parts, one: Instance, candidates: readonly Instance[]): Instance | null {
  const byNode = groupBy(candidates, ({ node }) => node)
  for (const level of levels(parts.graph.dependencies, [one.node])) {
    const nearest = mostAlike(
      one.address,
      level.flatMap((node) => byNode.get(node) ?? []),
    )
    if (nearest !== null) return nearest
  }
  return null
}

function groupBy<K, T>(items: readonly T[], key: (item: T) => K | null): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const found = key(item)
    if (found === null) continue
    const group = groups.get(found)
    if (group === undefined) groups.set(found, [item])
    else group.push(item)
  }
  return groups
}
