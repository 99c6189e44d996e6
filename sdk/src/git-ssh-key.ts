import { z } from 'zod'
import { Id, Instant, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'

/** The key pair that each person has for Git: made by the server, which gives its private half to their workspaces alone. */

const tag = 'Users'
const params = z.object({ user: UserRef })

export const GitSshKey = z.object({
  user_id: Id,
  created_at: Instant,
  updated_at: Instant.describe('When this pair was made.'),
  public_key: z.string().describe('As a Git host wants it: `ssh-ed25519 …`.'),
})
export type GitSshKey = z.infer<typeof GitSshKey>

export const getGitSshKey = endpoint({
  name: 'getGitSshKey',
  method: 'GET',
  path: '/api/v2/users/:user/gitsshkey',
  summary: 'The public half of somebody’s key for Git; made when it is first asked for',
  tag,
  permission: 'external_auth:read',
  params,
  result: GitSshKey,
  faults: ['not_found'],
})

export const regenerateGitSshKey = endpoint({
  name: 'regenerateGitSshKey',
  method: 'PUT',
  path: '/api/v2/users/:user/gitsshkey',
  summary: 'Another key pair in place of the one so far, which is forgotten',
  tag,
  permission: 'external_auth:update',
  params,
  result: GitSshKey,
  faults: ['not_found'],
})
