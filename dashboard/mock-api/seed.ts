import { uuidv7 } from '@reeve/base'
import type { ApiKey, AuditEvent, InboxNotification, Session, User } from '@reeve/sdk'
import { hostileTexts } from './hostile.ts'
import { seedInbox } from './seed-inbox.ts'
import { auditStory } from './seed-audit.ts'
import { addRequest, newSession, type Recorded, type Said } from './story.ts'

/** Everything the mock deployment knows. Mutable: handlers write to it as the real ones write to the database. */
export interface World {
  readonly users: User[]
  readonly keys: ApiKey[]
  readonly audit: AuditEvent[]
  readonly sessions: Recorded[]
  readonly inbox: InboxNotification[]
  setupOpen: boolean
  readonly passwords: Map<string, string>
}

/** All seeded times hang on this one, so that a session of "two minutes ago" stays one. */
export function seedWorld(now: Date, options: { sessions?: number; events?: number } = {}): World {
  const at = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000)
  const dana = person(at(9000), 'dana', 'Dana Vance', 'owner')
  const eli = person(at(8000), 'eli', 'Eli Osei', 'member')
  const ava = person(at(7000), 'ava', 'Ava Lindqvist', 'auditor')
  const world: World = {
    users: [dana, eli, ava],
    keys: [],
    audit: [],
    sessions: [],
    inbox: seedInbox(at),
    setupOpen: false,
    passwords: new Map(),
  }
  for (const user of world.users) world.passwords.set(user.email, 'correct horse battery')

  const count = options.sessions ?? 48
  for (let n = count; n > 4; n--) world.sessions.push(ordinary(n, at(n * 97), n % 3 === 0 ? eli : dana))
  world.sessions.push(long(at(300), dana, options.events ?? 10_000))
  world.sessions.push(hostile(at(45), eli))
  world.sessions.push(withSubAgents(at(18), dana))
  world.sessions.push(live(at(2), dana))

  world.keys.push(
    key(dana, 'laptop', 'gateway', at(5000), 90, at(2)),
    key(dana, 'ci-pipeline', 'gateway', at(3000), 30, at(600)),
    key(dana, 'reporting', 'api', at(1000), 7, null),
  )
  const nightly = serviceAccount(at(6000), 'nightly-report', 'Sends the report every night', dana)
  world.users.push(nightly, serviceAccount(at(900), 'odd-one', hostileTexts[9]!, eli))
  const bound = { type: 'interception', id: hostileTexts[0]!.slice(0, 64) } as const
  world.keys.push(
    { ...key(eli, 'agent', 'all', at(1000), 2, null), allow_list: [bound] },
    {
      ...key(nightly, 'report', 'usage:read', at(700), 90, at(60)),
      scopes: ['usage:read', 'audit_log:*', 'user:read'],
    },
  )
  const people = [minimal(dana), minimal(eli), minimal(ava)] as const
  world.audit.push(...auditStory(at, people, world.sessions.at(-3)?.session.id ?? ''))
  return world
}

export function person(created: Date, username: string, name: string, role: string): User {
  return {
    id: uuidv7(created),
    username,
    name,
    email: `${username}@example.com`,
    avatar_url: '',
    created_at: created.toISOString(),
    updated_at: created.toISOString(),
    last_seen_at: created.toISOString(),
    status: 'active',
    login_type: 'password',
    organization_ids: [],
    roles: [{ name: role, display_name: role[0]!.toUpperCase() + role.slice(1) }],
    is_service_account: false,
    owner_id: null,
  }
}

function serviceAccount(created: Date, username: string, name: string, owner: User): User {
  return {
    ...person(created, username, name, 'member'),
    email: '',
    login_type: 'none',
    is_service_account: true,
    owner_id: owner.id,
  }
}

export const minimal = ({ id, username, name, avatar_url }: User): Session['initiator'] => ({
  id,
  username,
  name,
  avatar_url,
})

export function key(
  user: User,
  name: string,
  scope: ApiKey['scope'],
  created: Date,
  days: number,
  used: Date | null,
): ApiKey {
  return {
    id: uuidv7(created).slice(-10),
    user_id: user.id,
    username: user.username,
    token_name: name,
    last_used: used?.toISOString() ?? null,
    expires_at: new Date(created.getTime() + days * 86_400_000).toISOString(),
    created_at: created.toISOString(),
    updated_at: created.toISOString(),
    login_type: 'token',
    scope,
    scopes: [scope],
    allow_list: [{ type: '*', id: '*' }],
    workspace_id: null,
    lifetime_seconds: days * 86_400,
  }
}

const prompts = [
  'The billing test fails on CI, find out why and fix it',
  'Add a --json flag to the export command and document it',
  'Why does the invoice total differ by one cent from the report?',
  'Rename the customer table to account everywhere, migrations included',
  'Write a property test for the date range parser',
  'Review the open pull request and list what could break',
]

function ordinary(n: number, at: Date, user: User): Recorded {
  const prompt = prompts[n % prompts.length]!
  const session = newSession(
    at,
    minimal(user),
    n % 4 === 1 ? 'Codex' : 'Claude Code',
    n % 4 === 1 ? '0.52.0' : '2.1.44',
  )
  const model = n % 5 === 2 ? 'claude-haiku-4-5' : 'claude-opus-4-8'
  addRequest(session, {
    model,
    seconds: 6 + (n % 7),
    said: [
      human(prompt),
      think('Look at the test first, then at what changed.'),
      call('Read', { file_path: 'tests/billing.spec.ts' }, `a${n}`),
    ],
  })
  addRequest(session, {
    model,
    seconds: 9,
    said: [
      result(
        'Read',
        `a${n}`,
        '1  import { total } from "../src/billing"\n2  test("adds tax", () => expect(total(100)).toBe(119))',
      ),
      say('The expected rate is out of date: `19 %` became `20 %` in the table. I changed the test data.'),
    ],
    outcome: n % 11 === 0 ? 'upstream_error' : n % 13 === 0 ? 'client_disconnected' : 'ok',
  })
  return session
}

function withSubAgents(at: Date, user: User): Recorded {
  const session = newSession(at, minimal(user), 'Claude Code', '2.1.44')
  const model = 'claude-opus-4-8'
  const diff = Array.from(
    { length: 400 },
    (_, n) =>
      `${String(n + 1).padStart(4)}  ${n % 9 === 0 ? '-' : n % 7 === 0 ? '+' : ' '} const line${n} = compute(${n}, "value")`,
  ).join('\n')
  addRequest(session, {
    model,
    seconds: 8,
    said: [
      context(
        '<system-reminder>\nToday’s date is 2026-11-20. The working directory is /srv/shop. The user has opened tests/billing.spec.ts.\n</system-reminder>',
      ),
      human(
        'The billing test fails on CI, find out why and fix it. Have a look at the whole history of the rate table with a helper, then fix only what is needed.',
      ),
      think(
        'The failure is about tax. I should look at the test first, then at the history of the rate table. A helper can read the history while I read the code, so that the main conversation stays small.\n\nPlan:\n1. read the test\n2. ask the helper for the history\n3. run the test\n4. fix',
      ),
      say('I will read the test and have a helper look through the history of the rate table.'),
      call('Read', { file_path: '/srv/shop/tests/billing.spec.ts' }, 'tool-1'),
      call(
        'Task',
        {
          description: 'History of the rate table',
          prompt: 'List every change to rates.json with date, author and reason.',
          subagent_type: 'general',
        },
        'tool-2',
      ),
    ],
  })
  addRequest(session, {
    model: 'claude-haiku-4-5',
    agent: 'agent-7f3a',
    seconds: 5,
    said: [
      agentPrompt('List every change to rates.json with date, author and reason.'),
      call('Bash', { command: 'git log --follow -p -- rates.json', timeout: 60_000 }, 'tool-3'),
    ],
  })
  addRequest(session, {
    model: 'claude-haiku-4-5',
    agent: 'agent-7f3a',
    seconds: 6,
    said: [
      result('Bash', 'tool-3', diff),
      say('Two changes: 2025-01-01 by eli (19 %), 2026-11-01 by dana (20 %, new law).'),
    ],
  })
  addRequest(session, {
    model,
    seconds: 11,
    said: [
      result('Read', 'tool-1', diff.slice(0, 900)),
      result('Task', 'tool-2', 'Two changes: 2025-01-01 by eli (19 %), 2026-11-01 by dana (20 %, new law).'),
      call('Bash', { command: 'npm test -- billing', description: 'Run the failing test' }, 'tool-4'),
    ],
  })
  addRequest(session, {
    model,
    seconds: 14,
    said: [
      result(
        'Bash',
        'tool-4',
        '\u001b[31mFAIL\u001b[0m tests/billing.spec.ts\n  \u001b[1m✕ adds tax\u001b[0m (4 ms)\n\n    Expected: \u001b[32m119\u001b[0m\n    Received: \u001b[31m120\u001b[0m\n\n      at Object.<anonymous> (tests/billing.spec.ts:14:31)',
        true,
      ),
      think('As expected: the test still holds the old rate.'),
      call(
        'Edit',
        { file_path: '/srv/shop/tests/billing.spec.ts', old_string: 'toBe(119)', new_string: 'toBe(120)' },
        'tool-5',
      ),
    ],
  })
  addRequest(session, {
    model,
    seconds: 7,
    said: [
      result('Edit', 'tool-5', 'The file has been updated.'),
      say(
        'The test expected the old rate of 19 %. The rate became 20 % on 1 November, by Dana’s change for the new law; the code is right and the test was out of date.\n\nI changed the expectation in `tests/billing.spec.ts` from 119 to 120 and left everything else alone.',
      ),
    ],
  })
  return session
}

function hostile(at: Date, user: User): Recorded {
  const session = newSession(at, minimal(user), 'Claude Code <b>2</b>', '\u202e1.0')
  addRequest(session, {
    model: '<img src=x onerror=1>',
    seconds: 2,
    said: [human(hostileTexts[1]!), ...hostileTexts.map(say)],
  })
  addRequest(session, {
    model: 'claude-opus-4-8',
    seconds: 3,
    said: [
      ...hostileTexts.flatMap((text, n) => [call(text.slice(0, 60), { [text.slice(0, 40)]: text }, `h${n}`)]),
      ...hostileTexts.map((text, n) => result('x', `h${n}`, text)),
      context(hostileTexts[0]!),
    ],
    outcome: 'upstream_error',
    error: hostileTexts[1]!,
    denied: hostileTexts[1]!,
  })
  addRequest(session, {
    model: 'claude-opus-4-8',
    seconds: 1,
    said: [
      { ...human(''), hidden: 812 },
      { ...say(''), hidden: 90 },
    ],
  })
  return session
}

function long(at: Date, user: User, events: number): Recorded {
  const session = newSession(at, minimal(user), 'Claude Code', '2.1.44')
  for (let n = 0; session.events.length < events; n++) {
    addRequest(session, {
      model: 'claude-opus-4-8',
      seconds: 1,
      said: [
        ...(n === 0
          ? [human('Migrate every module to the new logging interface, one by one, and run its tests after each')]
          : [result('Bash', `l${n - 1}`, `ok ${n}\n`.repeat((n % 12) + 1), n % 97 === 5)]),
        think(`Module ${n} is next.`),
        call('Bash', { command: `npm test -w module-${n}` }, `l${n}`),
      ],
    })
  }
  return session
}

function live(at: Date, user: User): Recorded {
  const session = newSession(at, minimal(user), 'Claude Code', '2.1.44')
  addRequest(session, {
    model: 'claude-opus-4-8',
    seconds: 6,
    said: [
      human('Watch the deployment and tell me when it is through'),
      think('I will poll the status.'),
      call('Bash', { command: 'deploy status --wait 30' }, 'w0'),
    ],
  })
  addRequest(session, {
    model: 'claude-opus-4-8',
    seconds: 0,
    said: [result('Bash', 'w0', 'still rolling out: 3 of 8')],
    outcome: 'live',
  })
  return session
}

export const human = (text: string): Said => ({ kind: 'prompt', lane: 'human', origin: 'human', text })
export const agentPrompt = (text: string): Said => ({ kind: 'prompt', lane: 'human', origin: 'agent', text })
export const context = (text: string): Said => ({ kind: 'context', lane: 'system', origin: 'client', text })
export const think = (text: string): Said => ({ kind: 'thinking', lane: 'thinking', origin: 'model', text })
export const say = (text: string): Said => ({ kind: 'text', lane: 'model', origin: 'model', text })
export const call = (tool: string, input: unknown, id: string): Said => ({
  kind: 'tool_call',
  lane: 'tools',
  origin: 'model',
  text: JSON.stringify(input),
  tool,
  id,
})
export const result = (tool: string, id: string, text: string, failed = false): Said => ({
  kind: 'tool_result',
  lane: 'tools',
  origin: 'client',
  text,
  tool,
  id,
  failed,
})
