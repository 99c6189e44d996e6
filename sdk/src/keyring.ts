import { z } from 'zod'
import { Instant } from './common.ts'
import { endpoint } from './endpoint.ts'

/** The keys that secrets in the database are sealed with: their ids and use, never themselves. */
export const KeyringReport = z.object({
  source: z.enum(['configured', 'file']).describe('configured: the operator gave the keys. file: Reeve made one.'),
  keys: z.array(
    z.object({
      id: z.string(),
      created_at: Instant,
      seals: z.boolean().describe('New values are sealed with this one.'),
      held: z.boolean().describe('This server has it.'),
      values: z.number().int().describe('How many values are sealed with it now.'),
      removable: z.boolean().describe('Nothing is sealed with it, and nothing new will be.'),
    }),
  ),
  places: z
    .array(
      z.object({
        table: z.string(),
        column: z.string(),
        values: z.number().int(),
        left: z.number().int().describe('Of them, those that are not sealed with the first key yet.'),
      }),
    )
    .describe('Where sealed values stand.'),
  resealing: z.boolean().describe('The server that answers is sealing values again at this moment.'),
  unreadable: z.number().int().describe('Values that no key of this server opens.'),
})
export type KeyringReport = z.infer<typeof KeyringReport>

export const getKeyring = endpoint({
  name: 'getKeyring',
  method: 'GET',
  path: '/api/v2/keyring',
  summary: 'The keys that secrets are sealed with, how much each seals, and which can be removed',
  tag: 'Encryption',
  permission: 'deployment_config:read',
  result: KeyringReport,
})

export const rotateKeyring = endpoint({
  name: 'rotateKeyring',
  method: 'POST',
  path: '/api/v2/keyring/rotate',
  summary: 'Seal everything with the first key; where Reeve keeps the key itself, with a new one',
  tag: 'Encryption',
  permission: 'deployment_config:update',
  result: KeyringReport.extend({ resealed: z.number().int() }),
  faults: ['conflict'],
})
