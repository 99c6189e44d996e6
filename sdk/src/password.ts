import { z } from 'zod'
import { NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What a password must be, and how a forgotten one is replaced. */

export const passwordCharsMin = 8
export const passwordCharsMax = 256

/** Passwords that whoever guesses tries first, as they are once digits and signs at their ends are gone. */
const common = new Set(
  'password passwort passw0rd p@ssword letmein welcome qwerty qwertyui qwertyuiop qwertz asdfghjk asdfghjkl iloveyou'
    .concat(' administrator admin adminadmin changeme changeit default secret football baseball superman sunshine')
    .concat(' princess monkey dragon master trustno1 abcdefgh abcdefghi reeve reevereeve')
    .split(' '),
)

/** Why nobody should have this password, or null. Long is what makes one good; this only refuses the obvious. */
export function passwordWeakness(password: string): string | null {
  if (password.length < passwordCharsMin) return `is shorter than ${passwordCharsMin} characters`
  if (password.length > passwordCharsMax) return `is longer than ${passwordCharsMax} characters`
  if (new Set(password).size < 5) return 'is made of too few different characters'
  const bare = password.toLowerCase().replaceAll(/^[^a-z@]+|[^a-z@]+$/g, '')
  if (common.has(bare) || isRow(password)) return 'is one of those that are guessed first'
  return null
}

/** `12345678`, `hgfedcba`: each character is the next one, or the one before. */
function isRow(password: string): boolean {
  const codes = Array.from(password, (char) => char.codePointAt(0) ?? 0)
  const steps = new Set(codes.slice(1).map((code, i) => code - codes[i]!))
  return steps.size === 1 && (steps.has(1) || steps.has(-1))
}

export const Password = z
  .string()
  .min(passwordCharsMin)
  .max(passwordCharsMax)
  .refine((text) => text.length < passwordCharsMin || passwordWeakness(text) === null, {
    error: ({ input }) => passwordWeakness(String(input)) ?? 'cannot be used',
  })

export const validatePassword = endpoint({
  name: 'validatePassword',
  method: 'POST',
  path: '/api/v2/users/validate-password',
  summary: 'Whether a password may be chosen, and why not',
  tag: 'Users',
  permission: 'public',
  body: z.strictObject({ password: z.string().max(1024) }),
  result: z.object({ valid: z.boolean(), details: z.string().describe('Why not; empty when it may.') }),
  faults: ['invalid', 'limited'],
})

const email = z.string().min(1).max(254)

export const requestPasswordReset = endpoint({
  name: 'requestPasswordReset',
  method: 'POST',
  path: '/api/v2/users/otp/request',
  summary: 'Mail a code for a new password, if the address is that of somebody who signs in with one',
  tag: 'Users',
  permission: 'public',
  body: z.strictObject({ email }),
  status: 204,
  result: NoContent,
  faults: ['invalid', 'limited'],
})

export const resetPassword = endpoint({
  name: 'resetPassword',
  method: 'POST',
  path: '/api/v2/users/otp/change-password',
  summary: 'Set a new password with the code from the mail; ends the sessions of that user',
  tag: 'Users',
  permission: 'public',
  body: z.strictObject({
    email,
    one_time_passcode: z.string().min(1).max(64),
    password: Password,
  }),
  status: 204,
  result: NoContent,
  faults: ['invalid', 'limited'],
})
