import { complaint, Complaints } from '../complaint.ts'
import type { DataSource } from '../definition.ts'
import { computed, optional, required, secret } from '../schema.ts'
import { text, type Row } from '../values.ts'
import { absolutePath, notEmpty } from './checks.ts'
import { stableId, type ProviderRun } from './run.ts'

export const externalAuth: DataSource<ProviderRun> = {
  block: {
    description: 'An account of the owner at an external service.',
    attributes: {
      id: required('string', 'The id of the service in the deployment’s settings.', { check: notEmpty }),
      optional: optional('bool', 'Whether the workspace may start without it.'),
      access_token: computed('string', 'The owner’s token; empty where they have not connected the account.', secret),
    },
    blocks: {},
  },
  read: token,
}

/** The name that `coder_external_auth` had before. */
export const gitAuth: DataSource<ProviderRun> = {
  block: {
    description: 'See coder_external_auth.',
    attributes: {
      id: required('string', 'The id of the service in the deployment’s settings.', { check: notEmpty }),
      access_token: computed('string', 'The owner’s token.', secret),
    },
    blocks: {},
  },
  read: token,
}

function token(config: Row, { context }: ProviderRun): Row {
  return { access_token: context.externalAuth.get(text(config['id']))?.reveal() ?? '' }
}

export const userSecret: DataSource<ProviderRun> = {
  block: {
    description: 'A secret that the owner keeps in the deployment.',
    attributes: {
      id: computed('string', 'What it is for, as `env:NAME` or `file:PATH`.'),
      env: optional('string', 'The environment variable that it is for.', { check: notEmpty }),
      file: optional('string', 'The file that it is for.', { check: absoluteOrHome }),
      help_message: required('string', 'What the owner is told when it is missing.'),
      value: computed('string', 'The secret.', secret),
    },
    blocks: {},
    check: ({ env, file }) =>
      (env === null) !== (file === null)
        ? []
        : [complaint(env === null ? [] : ['file'], 'A secret is for one place', 'Set either env or file.')],
  },
  read: (config, { context }) => {
    const key = config['env'] === null ? `file:${text(config['file'])}` : `env:${text(config['env'])}`
    const found = context.secrets.get(key)
    if (found === undefined && context.transition === 'start' && context.missingParameters === 'refuse') {
      const [kind, ...name] = key.split(':')
      throw new Complaints([
        complaint([kind!], `The secret for ${name.join(':')} is missing`, text(config['help_message'])),
      ])
    }
    return { id: key, value: found?.reveal() ?? '' }
  },
}

export const workspaceTags: DataSource<ProviderRun> = {
  block: {
    description: 'Tags that choose who builds the workspace; read when the template is imported.',
    attributes: {
      id: computed('string', 'An id of the tags.'),
      tags: optional(['map', 'string'], 'The tags.'),
    },
    blocks: {},
  },
  read: (config) => ({ id: stableId('coder_workspace_tags', JSON.stringify(config['tags'])) }),
}

function absoluteOrHome(value: unknown): string | null {
  return String(value).startsWith('~/') ? null : absolutePath(String(value))
}
