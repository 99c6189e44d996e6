import { z } from 'zod'
import { Id } from './common.ts'
import { endpoint } from './endpoint.ts'
import { resources } from './permissions.ts'

export const checkAccess = endpoint({
  name: 'checkAccess',
  method: 'POST',
  path: '/api/v2/authcheck',
  summary: 'Whether the caller may do each of these, with the credential that asks',
  tag: 'Roles',
  permission: 'signed_in',
  body: z.strictObject({
    checks: z
      .record(
        z.string().max(128),
        z.strictObject({
          object: z.strictObject({
            resource_type: z.enum(resources),
            owner_id: z.union([Id, z.literal('me')]).optional(),
            organization_id: Id.optional(),
            resource_id: z.string().max(64).optional(),
            any_org: z.boolean().optional().describe('In some organization of the caller.'),
          }),
          action: z.string().max(64),
        }),
      )
      .describe('200 at most.'),
  }),
  result: z.record(z.string(), z.boolean()),
  faults: ['invalid'],
})
