import type { Fault } from '@reeve/base'

/** Why this person reads words of others, until the tab is closed: asked for once, and sent with each reading. */
let given: string | null = null

export const readingReason = (): { reason?: string } => (given === null ? {} : { reason: given })

export function giveReason(text: string): void {
  given = text.trim() === '' ? null : text.trim()
}

/** Whether it was refused for want of a reason. */
export const wantsReason = (fault: Fault): boolean => fault.problems.some(({ field }) => field === 'reason')
