import { z } from 'zod'

/** Wire types that several parts of the contract share. */
export const Id = z.uuid()
export const Instant = z.iso.datetime({ offset: true })
/** A username, or `me` for whoever asks, or a user's id. */
export const UserRef = z.string().min(1).max(64)

export const MinimalUser = z.object({
  id: Id,
  username: z.string(),
  name: z.string(),
  avatar_url: z.string(),
})
export type MinimalUser = z.infer<typeof MinimalUser>

export const Empty = z.object({})
export const NoContent = z.undefined()

/** How many rows a page has at most. */
export const pageLimit = (max: number) =>
  z.coerce
    .number('Invalid pagination limit value.')
    .int('Invalid pagination limit value.')
    .min(1, `Pagination limit must be in range (0, ${max}]`)
    .max(max, `Pagination limit must be in range (0, ${max}]`)
    .optional()

/** The id that a page goes on behind, or in front of. */
export const pageCursor = z.uuid('Invalid pagination cursor.').toLowerCase().optional()
