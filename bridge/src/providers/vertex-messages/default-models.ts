import type { ModelRule } from '../messages-elsewhere/models.ts'

/** Data, from the lists of Google's documentation: older models have a date behind an at sign, newer ones none. */
export const defaultModels: readonly ModelRule[] = [
  { from: 'claude-sonnet-4-2*', to: 'claude-sonnet-4@20250514' },
  { from: 'claude-opus-4-1*', to: 'claude-opus-4-1@20250805' },
  { from: 'claude-sonnet-4-5*', to: 'claude-sonnet-4-5@20250929' },
  { from: 'claude-haiku-4-5*', to: 'claude-haiku-4-5@20251001' },
  { from: 'claude-opus-4-5*', to: 'claude-opus-4-5@20251101' },
]
