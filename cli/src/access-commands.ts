import { type Command, command, optional, required } from './command.ts'
import { choice, count, flag, text, texts } from './option.ts'

/** The commands of organizations, groups and roles. */

const organization = { organization: text('organization', 'name or id (default: the first one)') }
const place = { organization: text('organization', 'a role of this organization, by name or id (default: everywhere)') }
const contents = {
  displayName: text('name', 'what people read'),
  description: text('text', 'what it is for'),
  permission: texts('permission', 'resource:action, or resource:*; may be repeated'),
  ownPermission: texts('permission', 'the same for what is the holder’s own; may be repeated'),
}
const organizationFields = {
  displayName: text('name', 'what people read'),
  description: text('text', 'what it is for'),
  icon: text('path', 'an image'),
  memberRole: texts('role', 'what new members get; may be repeated'),
  noMemberRoles: flag('new members get no role: they may call models and own no workspace'),
  requireBoundary: choice(['yes', 'no'], 'whether models are asked only from behind a boundary that runs'),
}
const groupFields = {
  displayName: text('name', 'what people read'),
  avatarUrl: text('path', 'an image'),
  quota: count('quota that each member has from it'),
}

export const accessCommands: readonly Command[] = [
  command({
    path: 'organizations list',
    summary: 'Organizations that you can see',
    run: async (context) => (await import('./commands/organizations.ts')).listOrganizations(context),
  }),
  command({
    path: 'organizations show',
    summary: 'One organization',
    args: { organization: optional('name or id (default: the first one)') },
    run: async (context, input) => (await import('./commands/organizations.ts')).showOrganization(context, input),
  }),
  command({
    path: 'organizations create',
    summary: 'Create an organization',
    args: { name: required('lower-case letters, digits and hyphens') },
    options: organizationFields,
    examples: ['reeve organizations create research --display-name Research --no-member-roles'],
    run: async (context, input) => (await import('./commands/organizations.ts')).createOrganization(context, input),
  }),
  command({
    path: 'organizations edit',
    summary: 'Change what is named and leave the rest',
    args: { organization: required('name or id') },
    options: { name: text('name', 'its new name'), ...organizationFields },
    examples: ['reeve organizations edit research --require-boundary yes'],
    run: async (context, input) => (await import('./commands/organizations.ts')).editOrganization(context, input),
  }),
  command({
    path: 'organizations remove',
    summary: 'Delete an organization that has no members but you; what was recorded in it stays',
    args: { organization: required('name or id') },
    run: async (context, input) => (await import('./commands/organizations.ts')).removeOrganization(context, input),
  }),
  command({
    path: 'organizations members list',
    summary: 'Members of an organization and their roles there',
    args: { organization: optional('name or id (default: the first one)') },
    options: {
      filter: text('query', 'text in username or e-mail; role:, status:'),
      limit: count('how many to show (default: 50)'),
      all: flag('show all, however many'),
    },
    run: async (context, input) => (await import('./commands/members.ts')).listMembers(context, input),
  }),
  command({
    path: 'organizations members add',
    summary: 'Make somebody a member, with the roles that new members get',
    args: { organization: required('name or id'), user: required('username or id') },
    run: async (context, input) => (await import('./commands/members.ts')).addMember(context, input),
  }),
  command({
    path: 'organizations members remove',
    summary: 'End a membership, with its roles and groups',
    args: { organization: required('name or id'), user: required('username or id') },
    run: async (context, input) => (await import('./commands/members.ts')).removeMember(context, input),
  }),
  command({
    path: 'groups list',
    summary: 'Groups of an organization',
    options: organization,
    run: async (context, input) => (await import('./commands/groups.ts')).listGroups(context, input),
  }),
  command({
    path: 'groups show',
    summary: 'One group and who is in it',
    args: { group: required('name or id') },
    options: organization,
    run: async (context, input) => (await import('./commands/groups.ts')).showGroup(context, input),
  }),
  command({
    path: 'groups create',
    summary: 'Create a group',
    args: { name: required('lower-case letters, digits and hyphens') },
    options: { ...organization, ...groupFields },
    run: async (context, input) => (await import('./commands/groups.ts')).createGroup(context, input),
  }),
  command({
    path: 'groups edit',
    summary: 'Change what is named of a group, and who is in it',
    args: { group: required('name or id') },
    options: {
      ...organization,
      name: text('name', 'its new name'),
      ...groupFields,
      addUser: texts('user', 'a member of the organization, by username or id; may be repeated'),
      removeUser: texts('user', 'who leaves the group; may be repeated'),
    },
    examples: ['reeve groups edit platform --add-user dana --remove-user max'],
    run: async (context, input) => (await import('./commands/groups.ts')).editGroup(context, input),
  }),
  command({
    path: 'groups remove',
    summary: 'Delete a group; its members stay in the organization',
    args: { group: required('name or id') },
    options: organization,
    run: async (context, input) => (await import('./commands/groups.ts')).removeGroup(context, input),
  }),
  command({
    path: 'roles list',
    summary: 'Roles, what is in them, and whether you may give them',
    options: place,
    examples: ['reeve roles list', 'reeve roles list --organization default -o wide'],
    run: async (context, input) => (await import('./commands/roles.ts')).listRoles(context, input),
  }),
  command({
    path: 'roles show',
    summary: 'One role and everything that is in it',
    args: { role: required('name') },
    options: place,
    run: async (context, input) => (await import('./commands/roles.ts')).showRole(context, input),
  }),
  command({
    path: 'roles create',
    summary: 'Create a role of your own; nothing can be in it that you lack',
    args: { name: required('lower-case letters, digits and hyphens') },
    options: { ...place, ...contents },
    examples: ['reeve roles create helpdesk --permission user:read --permission organization_member:read'],
    run: async (context, input) => (await import('./commands/roles.ts')).createRole(context, input),
  }),
  command({
    path: 'roles edit',
    summary: 'Change what is named of a role; its holders have it at once',
    details: '--permission replaces the whole list, so does --own-permission; what is not named stays.',
    args: { role: required('name') },
    options: { ...place, ...contents },
    run: async (context, input) => (await import('./commands/roles.ts')).editRole(context, input),
  }),
  command({
    path: 'roles remove',
    summary: 'Delete a role and take it from everybody who holds it',
    args: { role: required('name') },
    options: place,
    run: async (context, input) => (await import('./commands/roles.ts')).removeRole(context, input),
  }),
  command({
    path: 'roles assign',
    summary: 'Give roles to somebody and take roles away; the others stay',
    args: { user: required('username or id') },
    options: {
      organization: text('organization', 'there, by name or id (default: everywhere)'),
      add: texts('role', 'a role to give; may be repeated'),
      remove: texts('role', 'a role to take away; may be repeated'),
    },
    examples: [
      'reeve roles assign dana --add auditor',
      'reeve roles assign max --organization research --remove organization-admin',
    ],
    run: async (context, input) => (await import('./commands/roles.ts')).assignRoles(context, input),
  }),
  command({
    path: 'roles can',
    summary: 'Whether somebody may do this, and why',
    details: 'Without --organization and --owner it is asked whether there is anything that it is allowed for.',
    args: { user: required('username or id, or me'), permission: required('resource:action, such as template:update') },
    options: {
      organization: text('organization', 'to a thing of this organization, by name or id'),
      owner: text('user', 'to a thing of this user; self for what is their own'),
    },
    examples: [
      'reeve roles can dana interception_content:read',
      'reeve roles can max workspace:create --organization default --owner self',
    ],
    run: async (context, input) => (await import('./commands/roles.ts')).canDo(context, input),
  }),
]
