import { z } from 'zod'
import { Id, Instant, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Secrets that people keep here for the templates that ask for them with `coder_secret`. Nobody is shown a value again. */

const tag = 'Users'
const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'letters, digits, `_`, `.` and `-`')
  .max(64)
const ofUser = z.object({ user: UserRef })
const ofSecret = z.object({ user: UserRef, name: z.string().max(64) })

export const userSecretBytesMax = 24 * 1024

const Fields = {
  value: z.string().min(1).max(userSecretBytesMax).describe('Sealed in the database, and shown to nobody again.'),
  description: z.string().max(256),
  env_name: z
    .string()
    .regex(/^(?:[A-Za-z_][A-Za-z0-9_]*)?$/, 'the name of an environment variable, or empty')
    .max(128)
    .describe('`coder_secret { env = … }` finds it under this name; empty for none.'),
  file_path: z
    .string()
    .regex(/^(?:(?:\/|~\/).+)?$/, 'a path that begins with / or ~/, or empty')
    .max(1_024)
    .describe('`coder_secret { file = … }` finds it under this path; empty for none.'),
}

export const UserSecret = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  env_name: z.string(),
  file_path: z.string(),
  created_at: Instant,
  updated_at: Instant,
})
export type UserSecret = z.infer<typeof UserSecret>

export const listUserSecrets = endpoint({
  name: 'listUserSecrets',
  method: 'GET',
  path: '/api/v2/users/:user/secrets',
  summary: 'The secrets of a person, without their values',
  tag,
  permission: 'external_auth:read',
  params: ofUser,
  result: z.array(UserSecret),
  faults: ['not_found'],
})

export const createUserSecret = endpoint({
  name: 'createUserSecret',
  method: 'POST',
  path: '/api/v2/users/:user/secrets',
  summary: 'Keep a secret for templates that ask for it',
  tag,
  permission: 'external_auth:create',
  params: ofUser,
  body: z.strictObject({
    name: Name,
    value: Fields.value,
    description: Fields.description.optional(),
    env_name: Fields.env_name.optional(),
    file_path: Fields.file_path.optional(),
  }),
  status: 201,
  result: UserSecret,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const getUserSecret = endpoint({
  name: 'getUserSecret',
  method: 'GET',
  path: '/api/v2/users/:user/secrets/:name',
  summary: 'One secret, without its value',
  tag,
  permission: 'external_auth:read',
  params: ofSecret,
  result: UserSecret,
  faults: ['not_found'],
})

export const updateUserSecret = endpoint({
  name: 'updateUserSecret',
  method: 'PATCH',
  path: '/api/v2/users/:user/secrets/:name',
  summary: 'Another value, or another place where templates find it',
  tag,
  permission: 'external_auth:update',
  params: ofSecret,
  body: z.strictObject({
    value: Fields.value.optional(),
    description: Fields.description.optional(),
    env_name: Fields.env_name.optional(),
    file_path: Fields.file_path.optional(),
  }),
  result: UserSecret,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const deleteUserSecret = endpoint({
  name: 'deleteUserSecret',
  method: 'DELETE',
  path: '/api/v2/users/:user/secrets/:name',
  summary: 'Forget a secret',
  tag,
  permission: 'external_auth:delete',
  params: ofSecret,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})
