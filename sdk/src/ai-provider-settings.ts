import { z } from 'zod'

/** What a provider of some types has beside an address and keys. */

const pattern = z.string().min(1).max(200).describe('`*` stands for anything.')
const names = (max: number) => z.array(z.string().min(1).max(120)).max(max)

export const AiModelRule = z.strictObject({
  from: pattern.describe('What clients call it; `*` stands for anything.'),
  to: pattern.describe('What the provider calls it; `*` stands for what it stands for in `from`.'),
})

export const AiModelCapability = z.strictObject({
  models: pattern.describe('Which of the provider’s models it is about; `*` stands for anything.'),
  betas: names(50).optional().describe('Betas that are passed on.'),
  thinking: z
    .enum(['budget', 'adaptive', 'any'])
    .optional()
    .describe('How thinking is asked for: with a budget, adaptively, or as the client says.'),
  omit: names(50)
    .optional()
    .describe('Members of the body that are left out, also inside of one: `output_config.format`.'),
  needs: z
    .record(z.string().min(1).max(120), z.string().min(1).max(120))
    .optional()
    .describe('Members that are left out unless this beta is asked for and passed on.'),
})

const place = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is no region: small letters, digits and hyphens')

export const AiProviderSettings = z.strictObject({
  region: place.optional().describe('For which region requests are signed, where the base URL does not say it.'),
  project: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'is no project: small letters, digits and hyphens')
    .optional()
    .describe('In which models of Anthropic are asked, when a client does not say it.'),
  location: place.optional().describe('Where they are asked, when a client does not say it.'),
  token_url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional()
    .describe('Where access tokens for a service account are had from, when that is not Google’s own place.'),
  models: z.array(AiModelRule).max(200).optional().describe('What models are called; the first that fits counts.'),
  capabilities: z
    .array(AiModelCapability)
    .max(200)
    .optional()
    .describe('What models take; the first that fits counts, and what it leaves open is as it is built in.'),
})
export type AiProviderSettings = z.infer<typeof AiProviderSettings>
