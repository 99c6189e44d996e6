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
