import { type Command, command, required } from './command.ts'
import { flag, text, texts } from './option.ts'

/** The commands of signing in: how people do, and what the claims of an identity provider become. */

const kind = required('organization, groups or roles')
const where = text('name', 'of which organization, for groups and roles (default: the default one)')

export const settingsCommands: readonly Command[] = [
  command({
    path: 'settings sign-in',
    summary: 'How people sign in, and whether the identity provider answers',
    run: async (context) => (await import('./commands/idp-sync.ts')).showSignIn(context),
  }),
  command({
    path: 'settings idpsync show',
    summary: 'How claims become organizations, groups or roles',
    args: { kind },
    options: { organization: where },
    examples: ['reeve settings idpsync show groups'],
    run: async (context, input) => (await import('./commands/idp-sync.ts')).showSync(context, input),
  }),
  command({
    path: 'settings idpsync set',
    summary: 'Change how claims become organizations, groups or roles; what is not named stays',
    details:
      'A value is mapped with --map VALUE=TARGET,TARGET: ids of organizations or groups, or names of roles. The values\n' +
      'that are not named keep what they are mapped to.',
    args: { kind },
    options: {
      organization: where,
      field: text('claim', 'the claim that decides; an empty one leaves it to people'),
      map: texts('value=targets', 'map a claim value; may be given several times'),
      unmap: texts('value', 'forget a claim value; may be given several times'),
      filter: text('pattern', 'of groups: only values in which it is found (RE2)'),
      noFilter: flag('of groups: all values'),
      createMissing: flag('of groups: make groups that are not there'),
      noCreateMissing: flag('of groups: make none'),
      assignDefault: flag('of organizations: everybody is in the default one as well'),
      noAssignDefault: flag('of organizations: only those that are mapped'),
    },
    examples: [
      'reeve settings idpsync set groups --field groups --create-missing --filter ^eng-',
      'reeve settings idpsync set roles --field duties --map lead=organization-admin',
    ],
    run: async (context, input) => (await import('./commands/idp-sync.ts')).setSync(context, input),
  }),
  command({
    path: 'settings idpsync test',
    summary: 'Sign in for looking at: shows the claims and what they come to, and saves nothing',
    details: 'Prints an address to open in a browser in which you are signed in, and waits for it.',
    run: async (context) => (await import('./commands/idp-sync.ts')).testSync(context),
  }),
]
