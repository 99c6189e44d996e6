import { z } from 'zod'

/** The body of every error answer of the management API. */
export const ApiError = z.object({
  message: z.string().describe('What went wrong, in words that can be shown.'),
  detail: z.string().optional().describe('What to do about it.'),
  validations: z
    .array(z.object({ field: z.string(), detail: z.string() }))
    .optional()
    .describe('Every input that was refused, by name.'),
  code: z.string().optional().describe('A stable word for programs: invalid, not_found, conflict, …'),
  request_id: z.string().optional().describe('Quote this when asking for help; it is in the server log.'),
})
export type ApiError = z.infer<typeof ApiError>
