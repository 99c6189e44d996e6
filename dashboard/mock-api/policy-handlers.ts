import { Fault, systemClock, uuidv7 } from '@reeve/base'
import {
  compilePolicy,
  decideExecution,
  explainRequest,
  isRefusal,
  lintPolicy,
  parsePolicy,
  requestOfUrl,
  ruleSummary,
  runTests,
  splitCommand,
} from '@reeve/policy'
import type { BoundaryPolicy, BoundaryPolicyVersion } from '@reeve/sdk'
import { boundariesOf, verdictOf } from './boundary-handlers.ts'
import type { Asked, Handlers } from './handlers.ts'
import { homeId } from './organization-handlers.ts'
import { minimal } from './seed.ts'
import type { SeededPolicy } from './seed-policies.ts'

/** Policies with their versions; what is wrong with a text says the policy package, as everywhere. */

function find(asked: Asked, name: string): SeededPolicy {
  const found = boundariesOf(asked).policies.find((one) => one.name === name || one.id === name)
  if (found === undefined) throw new Fault('not_found', 'there is no such policy')
  return found
}

function present(
  asked: Asked,
  { id, name, organization, template, createdAt, versions }: SeededPolicy,
): BoundaryPolicy {
  const [latest] = versions
  const { policy } = parsePolicy(latest?.document ?? '')
  const events = boundariesOf(asked).events.filter((event) => event.policy?.name === name)
  return {
    id,
    name,
    scope: template !== null ? 'template' : organization === null ? 'deployment' : 'organization',
    organization_id: organization === null && template === null ? null : homeId,
    organization_name: organization,
    template_id: template,
    template_name: template === null ? null : 'claude-docker',
    version: latest?.version ?? 0,
    mode: policy?.mode ?? null,
    rules: policy === null ? 0 : policy.network.rules.length + policy.commands.length,
    denials_7d: events.filter((event) => verdictOf(event) === 'denied').length,
    would_deny_7d: events.filter((event) => verdictOf(event) === 'observed').length,
    created_at: createdAt,
    published_at: latest?.published_at ?? null,
    published_by: latest?.published_by ?? null,
  }
}

function check(document: string) {
  const { policy, problems } = parsePolicy(document)
  const all = policy === null ? problems : [...problems, ...lintPolicy(policy, systemClock.now())]
  const tests = policy === null ? [] : runTests(policy, systemClock.now())
  const told = tests.map(({ test, decision, passed }) => ({
    test: 'request' in test ? test.request : test.command,
    expected: test.rule === null ? test.expect : `${test.expect} by ${test.rule}`,
    decision: decision.effect,
    rule: decision.rule,
    passed,
  }))
  const publishable =
    policy !== null && all.every(({ level }) => level !== 'error') && told.every(({ passed }) => passed)
  return { policy, problems: [...all], tests: told, publishable }
}

function publishable(document: string) {
  const { policy, problems, publishable: isWhole } = check(document)
  if (policy !== null && isWhole) return policy
  throw new Fault('invalid', 'the policy cannot be published', {
    problems: problems.map(({ path, message }) => ({ field: path, detail: message })),
  })
}

export const policyHandlers: Handlers = {
  listBoundaryPolicies: (_, asked) => ({
    policies: boundariesOf(asked).policies.map((policy) => present(asked, policy)),
  }),
  getBoundaryPolicy: ({ params }, asked) => {
    const found = find(asked, params.policy)
    return { ...present(asked, found), document: found.versions[0]?.document ?? '' }
  },
  createBoundaryPolicy: ({ body }, asked) => {
    const { name } = publishable(body.document)
    const { policies } = boundariesOf(asked)
    if (policies.some((one) => one.name === name)) throw new Fault('conflict', `there is a policy ${name} already`)
    const now = systemClock.now()
    const created = {
      id: uuidv7(now),
      name,
      organization: body.organization ?? null,
      template: body.template ?? null,
      createdAt: now.toISOString(),
      versions: [version(asked, 1, body)],
    }
    policies.push(created)
    return present(asked, created)
  },
  deleteBoundaryPolicy: ({ params }, asked) => {
    const { policies } = boundariesOf(asked)
    policies.splice(policies.indexOf(find(asked, params.policy)), 1)
  },
  listBoundaryPolicyVersions: ({ params }, asked) => ({ versions: find(asked, params.policy).versions }),
  publishBoundaryPolicy: ({ params, body }, asked) => {
    const found = find(asked, params.policy)
    const latest = found.versions[0]?.version ?? 0
    if (body.based_on !== latest)
      throw new Fault('conflict', 'somebody has published another version since', { fix: 'read it and try again' })
    publishable(body.document)
    const published = version(asked, latest + 1, body)
    found.versions.unshift(published)
    return published
  },
  checkBoundaryPolicy: ({ body }) => {
    const { problems, tests, publishable: isWhole } = check(body.document)
    return { problems, tests, publishable: isWhole }
  },
  simulateBoundaryPolicy: ({ body }, asked) => {
    const texts =
      body.document === undefined
        ? boundariesOf(asked).policies.map(({ name, versions }) => [
            `${name}@v${versions.length}`,
            versions[0]!.document,
          ])
        : [['draft', body.document]]
    const layers = texts.flatMap(([label = '', text = '']) => {
      const { policy } = parsePolicy(text)
      return policy === null ? [] : [{ label, document: policy }]
    })
    const policy = compilePolicy(layers)
    if (body.command !== undefined) {
      const argv = splitCommand(body.command) ?? []
      const said = decideExecution(policy, { path: argv[0] ?? '', argv, cwd: '/', exes: [] })
      return { decision: said.effect, rule: said.rule, policy: said.policy, reason: said.reason, checked: [] }
    }
    const [method = 'GET', address = ''] = (body.request ?? '').split(' ')
    const request = requestOfUrl(method, address, body.exe === undefined ? [] : [body.exe])
    if (isRefusal(request)) throw new Fault('invalid', `the request cannot be read: ${request.refused}`)
    const rules = new Map(layers.flatMap(({ document }) => document.network.rules.map((rule) => [rule.id, rule])))
    const { decision, checked } = explainRequest(policy, request, systemClock.now())
    return {
      decision: decision.effect,
      rule: decision.rule,
      policy: decision.policy,
      reason: decision.reason,
      checked: checked.map(({ rule, policy: layer, differs }) => {
        const found = rules.get(rule)
        return { rule, policy: layer, differs, summary: found === undefined ? '' : ruleSummary(found) }
      }),
    }
  },
  replayBoundaryPolicy: ({ body }, asked) => {
    const { events } = boundariesOf(asked)
    const mine = events.filter(({ net }) => net?.host === 'telemetry.example.com')
    const changed = body.document.includes('telemetry') ? mine : []
    return {
      since: new Date(systemClock.now().getTime() - (body.days ?? 7) * 86_400_000).toISOString(),
      decisions: 81_233,
      changed: changed.length,
      complete: true,
      changes: changed.slice(0, 1).map(({ net, rule, time }) => ({
        was: 'deny' as const,
        becomes: 'allow' as const,
        what: `${net?.method} ${net?.url}`,
        rule,
        count: changed.length,
        people: 2,
        last: time,
      })),
    }
  },
}

function version(
  asked: Asked,
  number: number,
  { document, message, reverts }: { document: string; message: string; reverts?: number | undefined },
): BoundaryPolicyVersion {
  return {
    version: number,
    document,
    message,
    reverts: reverts ?? null,
    published_at: systemClock.now().toISOString(),
    published_by: minimal(asked.user),
  }
}
