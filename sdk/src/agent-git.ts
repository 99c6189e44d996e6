import { z } from 'zod'
import { NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What an agent asks for with its own token, so that Git and the tools in its workspace act as the owner elsewhere. */

const tag = 'Workspace agents'

export const AgentExternalAuth = z.object({
  access_token: z.string().describe('Empty where the owner has to link an account first, at `url`.'),
  username: z.string().describe('What Git is to say as user name beside the token.'),
  password: z.string().describe('The token once more, where it is the password that Git wants.'),
  type: z.string(),
  provider_id: z.string(),
  url: z.string().describe('Where the owner links an account, or empty.'),
})
export type AgentExternalAuth = z.infer<typeof AgentExternalAuth>

export const getAgentExternalAuth = endpoint({
  name: 'getAgentExternalAuth',
  method: 'GET',
  path: '/api/v2/workspaceagents/me/external-auth',
  summary: 'A token of the owner for the provider with this id, or for the address of this repository',
  tag,
  permission: 'public',
  query: z.strictObject({
    id: z.string().max(64).optional(),
    match: z.string().max(2_000).optional(),
    listen: z.enum(['true', 'false']).optional().describe('Waits for up to 60 s until the owner has linked it.'),
  }),
  result: AgentExternalAuth,
  faults: ['unauthenticated', 'forbidden', 'invalid', 'not_found', 'upstream', 'conflict'],
})

export const AgentGitSshKey = z.object({ public_key: z.string(), private_key: z.string() })

export const getAgentGitSshKey = endpoint({
  name: 'getAgentGitSshKey',
  method: 'GET',
  path: '/api/v2/workspaceagents/me/gitsshkey',
  summary: 'The key pair of the owner for Git',
  tag,
  permission: 'public',
  result: AgentGitSshKey,
  faults: ['unauthenticated', 'forbidden'],
})

export const getInitScript = endpoint({
  name: 'getInitScript',
  method: 'GET',
  path: '/api/v2/init-script/:os/:arch',
  summary: 'What a machine runs to become a workspace: a shell script that fetches the agent and becomes it',
  tag,
  permission: 'public',
  params: z.object({ os: z.enum(['linux', 'darwin']), arch: z.enum(['amd64', 'arm64', 'armv7']) }),
  answers: 'bytes',
  result: NoContent,
})
