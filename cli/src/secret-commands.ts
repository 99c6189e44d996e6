import { type Command, command, required } from './command.ts'
import { flag, text } from './option.ts'

/** The commands of linked accounts, of what people's workspaces are given, and of the keys that secrets are sealed with. */

export const secretCommands: readonly Command[] = [
  command({
    path: 'external-auth list',
    summary: 'Providers that accounts can be linked at, and yours there',
    run: async (context) => (await import('./commands/external-auth.ts')).listExternalAuth(context),
  }),
  command({
    path: 'external-auth login',
    summary: 'Link your account at a provider',
    details:
      'Shows a code to enter at the provider where that is offered, and otherwise the page of the dashboard to open.\n' +
      'Waits until the account is linked.',
    args: { provider: required('id of the provider') },
    options: { web: flag('in the browser, also where a code is offered') },
    examples: ['reeve external-auth login github'],
    run: async (context, input) => (await import('./commands/external-auth.ts')).loginExternalAuth(context, input),
  }),
  command({
    path: 'external-auth logout',
    summary: 'Forget your account at a provider, and have its tokens ended there',
    args: { provider: required('id of the provider') },
    run: async (context, input) => (await import('./commands/external-auth.ts')).logoutExternalAuth(context, input),
  }),
  command({
    path: 'external-auth access-token',
    summary: 'Print a token for a provider that works now; on record each time',
    details: 'stdout is the token alone; -o json has its end too.',
    args: { provider: required('id of the provider, or the address of a repository') },
    examples: [
      'reeve external-auth access-token github',
      'reeve external-auth access-token https://github.com/acme/app.git',
    ],
    run: async (context, input) => (await import('./commands/external-auth.ts')).printAccessToken(context, input),
  }),
  command({
    path: 'gitsshkey show',
    summary: 'The public key that your workspaces show to Git hosts, to be added there',
    run: async (context) => (await import('./commands/git-key.ts')).showGitKey(context),
  }),
  command({
    path: 'gitsshkey regenerate',
    summary: 'Another key in place of the one so far',
    run: async (context) => (await import('./commands/git-key.ts')).regenerateGitKey(context),
  }),
  command({
    path: 'secrets list',
    summary: 'Your secrets, without their values',
    run: async (context) => (await import('./commands/user-secrets.ts')).listSecrets(context),
  }),
  command({
    path: 'secrets set',
    summary: 'Keep a secret for templates that ask for it, or change it',
    details: 'The value is asked for, where no flag says where it comes from; nothing shows it again.',
    args: { name: required('name of the secret') },
    options: {
      env: text('variable', 'templates that ask for this environment variable get it'),
      file: text('path', 'templates that ask for this file get it'),
      description: text('text', 'what it is for'),
      valueFile: text('file', 'a file whose content is the value'),
      valueStdin: flag('read the value from stdin'),
    },
    examples: ['reeve secrets set deploy-key --env DEPLOY_KEY --value-file key.pem'],
    run: async (context, input) => (await import('./commands/user-secrets.ts')).setSecret(context, input),
  }),
  command({
    path: 'secrets remove',
    summary: 'Forget a secret',
    args: { name: required('name of the secret') },
    run: async (context, input) => (await import('./commands/user-secrets.ts')).removeSecret(context, input),
  }),
  command({
    path: 'keyring show',
    summary: 'The keys that secrets are sealed with, how much each seals, and which can be removed',
    run: async (context) => (await import('./commands/keyring.ts')).showKeyring(context),
  }),
  command({
    path: 'keyring rotate',
    summary: 'Seal everything with the first key; where Reeve keeps the key itself, with a new one',
    details:
      'Nothing stops meanwhile, and it may be ended at any moment: run it again to go on. A configured key is changed by\n' +
      'putting a new one in front of REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS and starting the server again.',
    run: async (context) => (await import('./commands/keyring.ts')).rotateKeyring(context),
  }),
]
