import type { PortShareLevel as ShareLevel } from '@reeve/sdk'

/** Who may open an app or a port beside those who may use the workspace: each level lets in whom those before it do. */
export type { ShareLevel }

const levels: readonly ShareLevel[] = ['owner', 'organization', 'authenticated', 'public']

/** What is no level is the narrowest. */
export const shareLevelOf = (word: string): ShareLevel => levels.find((level) => level === word) ?? 'owner'

export const narrower = (one: ShareLevel, other: ShareLevel): ShareLevel =>
  levels.indexOf(one) <= levels.indexOf(other) ? one : other
