import { accessCommands } from './access-commands.ts'
import { auditCommands } from './audit-commands.ts'
import { boundaryCommands } from './boundary-commands.ts'
import { notificationCommands } from './notification-commands.ts'
import { exportCommands } from './export-commands.ts'
import { gatewayCommands } from './gateway-commands.ts'
import { licenseCommands } from './license-commands.ts'
import { type Command, command, optional, required } from './command.ts'
import { choice, count, duration, flag, text, texts } from './option.ts'
import { secretCommands } from './secret-commands.ts'
import { providerCommands } from './provider-commands.ts'
import { retentionCommands } from './retention-commands.ts'
import { rulesCommands } from './rules-commands.ts'
import { settingsCommands } from './settings-commands.ts'
import { taskCommands } from './task-commands.ts'
import { streamCommands } from './stream-commands.ts'
import { templateCommands } from './template-commands.ts'
import { workspaceCommands } from './workspace-commands.ts'
import { workspaceTimeCommands } from './workspace-time-commands.ts'
import { usageCommands } from './usage-commands.ts'
import { otherAgents } from './commands/other-agents.ts'

/** Every command. What one does is in `commands/`, loaded when it runs. */

const paging = {
  limit: count('how many to show (default: 50)'),
  all: flag('show all, however many'),
}
const times = {
  since: text('time', 'from when: 2026-11-17T03:00:00Z, -24h, "last tue 03:00"'),
  until: text('time', 'until when; the same forms'),
}
const user = { user: text('user', 'whose: username or id (default: yourself)') }
const reason = { reason: text('text', 'why you read words of other people; kept, and shown to them') }
const bridgeFilter =
  'initiator:, client:, model:, provider:, outcome:, status: and words of the prompt; a space means and'

export const commands: readonly Command[] = [
  command({
    path: 'login',
    summary: 'Sign in to a deployment and make it the current one',
    details:
      'Shows a code and an address: whoever opens it in any browser, signed in there, and approves the code, is signed in\n' +
      'here. With --email a password is asked for instead. The token is kept in $XDG_CONFIG_HOME/reeve, readable by you\n' +
      'alone. The --first-user flags create the first owner of a new deployment before signing in.',
    args: { url: optional('address of the deployment, such as https://reeve.example.com') },
    options: {
      device: flag('by a code that is approved in a browser: the default on a terminal'),
      noBrowser: flag('do not open the browser of this machine'),
      email: text('email', 'with a password, as'),
      passwordStdin: flag('read the password from stdin'),
      tokenStdin: flag('keep the token on stdin instead of signing in'),
      firstUserEmail: text('email', 'create the first owner: e-mail'),
      firstUserUsername: text('name', 'create the first owner: username'),
      firstUserFullName: text('name', 'create the first owner: full name'),
      firstUserPassword: text('password', 'create the first owner: password'),
      firstUserPasswordStdin: flag('create the first owner: read the password from stdin'),
      setupToken: text('token', 'from the setup link; needed where the server is reachable from outside'),
    },
    examples: ['reeve login reeve.example.com', 'reeve login reeve.example.com --token-stdin < token.txt'],
    run: async (context, input) => (await import('./commands/login.ts')).login(context, input),
  }),
  command({
    path: 'logout',
    summary: 'End the session and forget its token',
    run: async (context) => (await import('./commands/login.ts')).logout(context),
  }),
  command({
    path: 'whoami',
    summary: 'Who you are to the deployment',
    run: async (context) => (await import('./commands/status.ts')).whoami(context),
  }),
  command({
    path: 'status',
    summary: 'The server, its providers and the state of the record',
    options: { config: flag('show each setting of the server, its value and where that came from') },
    run: async (context, input) => (await import('./commands/status.ts')).status(context, input),
  }),
  command({
    path: 'connect claude',
    summary: 'Point Claude Code at Reeve: for this shell, or for good with --write',
    details:
      'Makes a token that can call models and nothing else. Without --write, stdout is shell code for eval.\n' +
      '--write merges two variables into the env block of Claude Code’s settings and keeps a copy of the file as it was:\n' +
      '~/.claude/settings.json, or .claude/settings.local.json of this folder with --scope project.',
    options: {
      provider: text('name', 'provider of the bridge (default: anthropic); scripted needs no key and asks no model'),
      print: flag('print shell exports (the default)'),
      write: flag('write Claude Code’s settings'),
      scope: choice(['user', 'project'], 'which settings to write (default: user)'),
      tokenName: text('name', 'name of the new token'),
      lifetime: duration('how long the new token works (default: the server’s)'),
      tokenStdin: flag('use the token on stdin instead of making one'),
    },
    examples: ['eval "$(reeve connect claude)"', 'reeve connect claude --write'],
    run: async (context, input) => (await import('./commands/connect.ts')).connectClaude(context, input),
  }),
  ...otherAgents.map(({ name, title, provider, example, files }) =>
    command({
      path: `connect ${name}`,
      summary: `Point ${title} at Reeve: for this shell, or for good with --write`,
      details:
        'Makes a token that can call models and nothing else. Without --write, stdout is shell code for eval.\n' +
        `--write puts address and token into ${title}’s own settings, keeps everything else that is in there, and a copy\n` +
        `of each file as it was: ${files}.`,
      options: {
        provider: text('name', `provider of the bridge (default: ${provider}); scripted-${provider} asks no model`),
        write: flag(`write ${title}’s settings`),
        tokenName: text('name', 'name of the new token'),
        lifetime: duration('how long the new token works (default: the server’s)'),
        tokenStdin: flag('use the token on stdin instead of making one'),
      },
      examples: [`eval "$(reeve connect ${name})" && ${example}`, `reeve connect ${name} --write`],
      run: async (context, input) => (await import('./commands/connect-others.ts')).connectOther(context, name, input),
    }),
  ),
  command({
    path: 'connect check',
    summary: 'Ask the bridge as the agent would, and say what is wrong',
    args: { client: required(`claude, ${otherAgents.map(({ name }) => name).join(', ')}`) },
    examples: ['reeve connect check claude', 'reeve connect check codex'],
    run: async (context, input) => (await import('./commands/connect-check.ts')).connectCheck(context, input),
  }),
  command({
    path: 'bridge sessions list',
    summary: 'Sessions, latest activity first; members see their own',
    options: { filter: text('query', bridgeFilter), ...times, ...paging, ...reason },
    examples: ["reeve bridge sessions list --since 'last tue 03:00' --filter 'initiator:dana'"],
    run: async (context, input) => (await import('./commands/sessions.ts')).listSessions(context, input),
  }),
  command({
    path: 'bridge sessions show',
    summary: 'Everything that happened in a session, in order',
    args: { id: required('id of the session, or a beginning that only one has') },
    options: { full: flag('leave nothing out: long texts, and what the client program put in'), ...reason },
    run: async (context, input) => (await import('./commands/sessions.ts')).showSession(context, input),
  }),
  command({
    path: 'bridge sessions tail',
    summary: 'Follow one session, or all that you may see, as they happen',
    args: { id: optional('id of the session, or a beginning that only one has') },
    options: {
      lines: count('events of the session’s past to begin with (default: 10)'),
      full: flag('leave nothing out: long texts, and what the client program put in'),
      ...reason,
    },
    examples: ['reeve bridge sessions tail -o jsonl'],
    run: async (context, input) => (await import('./commands/tail.ts')).tailSessions(context, input),
  }),
  command({
    path: 'bridge requests list',
    summary: 'Requests, newest first; members see their own',
    options: { filter: text('query', `session_id:, ${bridgeFilter}`), ...times, ...paging, ...reason },
    examples: ["reeve bridge requests list --filter 'outcome:upstream_error' --since -1h -o csv"],
    run: async (context, input) => (await import('./commands/requests.ts')).listRequests(context, input),
  }),
  command({
    path: 'bridge requests show',
    summary: 'One request: what it brought and what was answered',
    args: { id: required('id of the request, or a beginning that only one has') },
    options: {
      full: flag('leave nothing out: long texts, and what the client program put in'),
      body: choice(
        ['request', 'sent', 'response'],
        'instead, its exact bytes: to a pipe, a file or --out, never a terminal',
      ),
      out: text('file', 'where to write the bytes of --body'),
      ...reason,
    },
    examples: ['reeve bridge requests show 019a… --body request --out request.json'],
    run: async (context, input) => (await import('./commands/requests.ts')).showRequest(context, input),
  }),
  command({
    path: 'tokens create',
    summary: 'Create a token; it is shown this once',
    details: 'stdout is the token alone; -o json has its id and expiry too, and -o id prints the id.',
    options: {
      name: text('name', 'a name of your own for it'),
      lifetime: duration('how long it works (default: the server’s)'),
      scope: texts('scope', 'all (default), gateway (models only), api, or audit_log:read, user:*; may be repeated'),
      allow: texts('type:id', 'for this object only, such as interception:*; may be repeated (default: all)'),
      user: text('user', 'whose: a service account (default: yourself)'),
    },
    examples: [
      'reeve tokens create --name ci --scope gateway --lifetime 30d',
      'reeve tokens create --user nightly --scope audit_log:read --lifetime 8h',
    ],
    run: async (context, input) => (await import('./commands/tokens.ts')).createToken(context, input),
  }),
  command({
    path: 'tokens list',
    summary: 'Tokens that work',
    options: {
      filter: text('query', 'words of the name; user: scope: kind: used:never used_before: expires_before:'),
      all: flag('those of everybody that you may see'),
      includeExpired: flag('also those that have ended'),
      ...user,
    },
    run: async (context, input) => (await import('./commands/tokens.ts')).listTokens(context, input),
  }),
  command({
    path: 'tokens show',
    summary: 'One token; never its secret',
    args: { token: required('id or name of the token') },
    options: user,
    run: async (context, input) => (await import('./commands/tokens.ts')).showToken(context, input),
  }),
  command({
    path: 'tokens revoke',
    summary: 'Revoke a token: it stops working everywhere within seconds',
    args: { token: required('id or name of the token') },
    options: user,
    run: async (context, input) => (await import('./commands/tokens.ts')).revokeToken(context, input),
  }),
  command({
    path: 'tokens expire',
    summary: 'End a token now, and keep it in the list of those that have ended for a week',
    args: { token: required('id or name of the token') },
    options: user,
    run: async (context, input) => (await import('./commands/tokens.ts')).expireToken(context, input),
  }),
  command({
    path: 'users create',
    summary: 'Create a user',
    options: {
      email: text('email', 'e-mail to sign in with'),
      username: text('name', 'letters, digits and hyphens'),
      fullName: text('name', 'full name'),
      passwordStdin: flag('read the password from stdin'),
      noPassword: flag('create a user who cannot sign in and only owns tokens'),
      serviceAccount: flag('create an account for programs: tokens, no sign-in, no e-mail'),
      owner: text('user', 'who is responsible for the service account (default: yourself)'),
      role: texts('role', 'a role to hold everywhere; may be repeated'),
    },
    run: async (context, input) => (await import('./commands/users.ts')).createUser(context, input),
  }),
  command({
    path: 'users list',
    summary: 'Users',
    options: {
      filter: text(
        'query',
        'text in username, name or e-mail; status: role: login_type: last_seen_before: kind: owner: organization: group:',
      ),
      ...paging,
    },
    run: async (context, input) => (await import('./commands/users.ts')).listUsers(context, input),
  }),
  command({
    path: 'users show',
    summary: 'One user',
    args: { user: optional('username or id (default: yourself)') },
    run: async (context, input) => (await import('./commands/users.ts')).showUser(context, input),
  }),
  command({
    path: 'users edit',
    summary: 'Change a username or a full name',
    args: { user: required('username or id, or me') },
    options: { username: text('name', 'the new username'), fullName: text('name', 'what people read') },
    run: async (context, input) => (await import('./commands/users.ts')).editUser(context, input),
  }),
  command({
    path: 'users remove',
    summary: 'Delete a user: their credentials end, their name is free again, what they did stays on record',
    args: { user: required('username or id') },
    run: async (context, input) => (await import('./commands/users.ts')).removeUser(context, input),
  }),
  command({
    path: 'users roles',
    summary: 'The roles that a user holds, everywhere and in organizations; roles assign changes them',
    args: { user: optional('username or id (default: yourself)') },
    run: async (context, input) => (await import('./commands/users.ts')).showUserRoles(context, input),
  }),
  command({
    path: 'users suspend',
    summary: 'Suspend a user: their credentials stop working until they are activated again',
    args: { user: required('username or id') },
    run: async (context, input) => (await import('./commands/users.ts')).suspendUser(context, input),
  }),
  command({
    path: 'users activate',
    summary: 'End a suspension',
    args: { user: required('username or id') },
    run: async (context, input) => (await import('./commands/users.ts')).activateUser(context, input),
  }),
  command({
    path: 'users hand-over',
    summary: 'Make somebody else responsible for a service account',
    args: { user: required('the service account, by username or id'), to: required('the person, by username or id') },
    examples: ['reeve users hand-over nightly-report dana'],
    run: async (context, input) => (await import('./commands/users.ts')).handOver(context, input),
  }),
  command({
    path: 'users sessions',
    summary: 'Where somebody is signed in',
    args: { user: optional('username or id (default: yourself)') },
    run: async (context, input) => (await import('./commands/user-sessions.ts')).listUserSessions(context, input),
  }),
  command({
    path: 'users sign-out',
    summary: 'End a session, or every session but the one that asks',
    args: { user: optional('username or id (default: yourself)') },
    options: { session: text('id', 'this one only; reeve users sessions has the ids') },
    examples: ['reeve users sign-out', 'reeve users sign-out dana --session 3fJ9aQx0Lm'],
    run: async (context, input) => (await import('./commands/user-sessions.ts')).signUserOut(context, input),
  }),
  command({
    path: 'users password',
    summary: 'Change a password and end the other sessions of that user',
    details: 'On stdin, the old password comes first where both are read from there.',
    args: { user: optional('username or id (default: yourself)') },
    options: {
      oldPasswordStdin: flag('read the old password from stdin; needed for your own'),
      passwordStdin: flag('read the new password from stdin'),
    },
    run: async (context, input) => (await import('./commands/users.ts')).changePassword(context, input),
  }),
  ...accessCommands,
  ...secretCommands,
  ...settingsCommands,
  ...notificationCommands,
  ...usageCommands,
  ...licenseCommands,
  ...templateCommands,
  ...workspaceCommands,
  ...workspaceTimeCommands,
  ...taskCommands,
  ...streamCommands,
  ...gatewayCommands,
  ...exportCommands,
  ...providerCommands,
  ...rulesCommands,
  ...boundaryCommands,
  ...auditCommands,
  ...retentionCommands,
  command({
    path: 'audit reads',
    summary: 'Who read what somebody and an agent said to each other, newest first',
    details: 'Everybody sees who read his own words; those of others need the permission audit_log:read.',
    args: { user: optional('whose words: username or id (default: yourself)') },
    options: paging,
    examples: ['reeve audit reads', 'reeve audit reads dana -o json'],
    run: async (context, input) => (await import('./commands/content-reads.ts')).listContentReads(context, input),
  }),
  command({
    path: 'api',
    summary: 'Call any path of the API with your token',
    details: 'The answer is printed as JSON; docs/reference/openapi.json describes the paths.',
    args: { method: required('GET, POST, PUT, PATCH or DELETE'), path: required('/api/v2/users, or users for short') },
    options: {
      data: text('json', 'body: JSON, @file, or - for stdin'),
      paginate: flag('follow a list to its end and print its items as one list'),
    },
    examples: ['reeve api GET users/me', 'reeve api GET aibridge/sessions --paginate -o jsonl'],
    run: async (context, input) => (await import('./commands/api.ts')).callApi(context, input),
  }),
  command({
    path: 'completion',
    summary: 'Print the completion script of a shell',
    args: { shell: required('bash, zsh or fish') },
    examples: ['source <(reeve completion bash)', 'reeve completion fish > ~/.config/fish/completions/reeve.fish'],
    run: async (context, input) => (await import('./commands/completion.ts')).completion(context, input),
  }),
  command({
    path: 'version',
    summary: 'Version of this command',
    run: async (context) => (await import('./commands/version.ts')).showVersion(context),
  }),
]

/** Commands that `reeve` has and this package does not run: the launcher hands them to their own package. */
export const elsewhere: readonly { readonly name: string; readonly summary: string }[] = [
  { name: 'server', summary: 'Run the control plane' },
]
