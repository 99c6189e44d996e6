import { uuidv7 } from '@reeve/base'
import type { BoundaryPolicyVersion, MinimalUser } from '@reeve/sdk'
import { hostileTexts } from './hostile.ts'

/** What holds for everybody, and a policy of a team that has grown over three versions. */

export const policyTexts = {
  floor: `apiVersion: reeve/v1
name: floor
mode: enforce
min_tier: 2
network:
  rules:
    # Models are asked through the gateway, where it is seen what was said.
    - { id: no-direct-models, effect: deny, host: [api.openai.com, api.anthropic.com], reason: use-the-gateway }
    - { id: everything-else, host: ["*.example", "*.com", "*.org", "*.corp"] }
tests:
  - { request: "POST https://api.openai.com/v1/responses", expect: deny, rule: no-direct-models }
`,
  web: `apiVersion: reeve/v1
name: team-web
mode: enforce
min_tier: 2
network:
  rules:
    - { id: gateway, host: reeve.corp, http: { methods: [POST], paths: ["/api/v2/aibridge/**"] }, inject_session: true }
    - { id: mirror-npm, host: npm.mirror.corp, http: { methods: [GET, HEAD] } }
    # Reading only: what is pushed goes through a person.
    - { id: github-read, host: [github.com, api.github.com], http: { methods: [GET, HEAD], paths: ["/acme/**", "/repos/acme/**"] } }
    - { id: all-of-github, host: "*.github.com", http: { methods: [GET] } }
    - { id: db, tcp: true, host: pg.dev.corp, ports: [5432], when: { exe: [/usr/bin/psql] } }
    - { id: status-page, host: status.vendor.example, http: { methods: [GET] }, expires: "2026-11-24T17:00:00Z" }
files:
  workspace: snapshot
  hide: [".env*"]
commands:
  - { id: force-push, effect: deny, argv: [git, push, { any: ["--force", "-f"] }] }
tests:
  - { request: "GET https://api.github.com/repos/acme/shop", expect: allow, rule: github-read }
  - { request: "POST https://gist.github.com/gists", expect: deny }
  - { command: "git push --force", expect: deny, rule: force-push }
`,
} as const

const webBefore = policyTexts.web
  .replace(/ {4}- \{ id: status-page.*\n/, '')
  .replace('methods: [GET, HEAD], paths: ["/acme/**", "/repos/acme/**"]', 'methods: [GET]')

export interface SeededPolicy {
  readonly id: string
  readonly name: string
  readonly organization: string | null
  readonly template: string | null
  readonly createdAt: string
  versions: BoundaryPolicyVersion[]
}

export function seedPolicies(at: (minutes: number) => Date, dana: MinimalUser, ava: MinimalUser): SeededPolicy[] {
  const version = (n: number, minutes: number, document: string, message: string, by: MinimalUser) => ({
    version: n,
    document,
    message,
    reverts: null,
    published_at: at(minutes).toISOString(),
    published_by: by,
  })
  return [
    {
      id: uuidv7(at(40_000)),
      name: 'floor',
      organization: null,
      template: null,
      createdAt: at(40_000).toISOString(),
      versions: [version(1, 40_000, policyTexts.floor, 'What holds for everybody', dana)],
    },
    {
      id: uuidv7(at(39_000)),
      name: 'team-web',
      organization: 'default',
      template: null,
      createdAt: at(39_000).toISOString(),
      versions: [
        version(
          3,
          1400,
          policyTexts.web,
          'HEAD for git, and only what is ours on GitHub; the vendor’s status page for the incident',
          ava,
        ),
        version(2, 20_000, webBefore, hostileTexts[0]!, dana),
        version(1, 39_000, webBefore.replace(/ {4}- \{ id: db.*\n/, ''), 'First version', dana),
      ],
    },
  ]
}
