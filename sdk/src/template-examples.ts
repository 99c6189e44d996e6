import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** Starters: templates that come with the server, to be pushed as they are or to begin with. */

export const TemplateExample = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  icon: z.string(),
  tags: z.array(z.string()),
  markdown: z.string().describe('Its README.'),
})
export type TemplateExample = z.infer<typeof TemplateExample>

const tag = 'Templates'

export const listTemplateExamples = endpoint({
  name: 'listTemplateExamples',
  method: 'GET',
  path: '/api/v2/templates/examples',
  summary: 'The starter templates that come with the server',
  tag,
  permission: 'template:read',
  result: z.array(TemplateExample),
})

export const getTemplateExample = endpoint({
  name: 'getTemplateExample',
  method: 'GET',
  path: '/api/v2/templates/examples/:example',
  summary: 'A starter template with its files',
  tag,
  permission: 'template:read',
  params: z.object({ example: z.string().max(64) }),
  result: TemplateExample.extend({ files: z.array(z.object({ path: z.string(), content: z.string() })) }),
  faults: ['not_found'],
})
