import type { ModelRule } from '../messages-elsewhere/models.ts'

/**
 * Data, from the lists of Amazon's documentation: newer models bear their own names, older ones have a date. Profiles of
 * all regions where there are some, because a model that is not in the region of the base URL answers nobody.
 */
export const defaultModels: readonly ModelRule[] = [
  { from: 'claude-sonnet-4-2*', to: 'global.anthropic.claude-sonnet-4-20250514-v1:0' },
  { from: 'claude-opus-4-1*', to: 'us.anthropic.claude-opus-4-1-20250805-v1:0' },
  { from: 'claude-sonnet-4-5*', to: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0' },
  { from: 'claude-haiku-4-5*', to: 'global.anthropic.claude-haiku-4-5-20251001-v1:0' },
  { from: 'claude-opus-4-5*', to: 'global.anthropic.claude-opus-4-5-20251101-v1:0' },
  { from: 'claude-opus-4-6*', to: 'global.anthropic.claude-opus-4-6-v1' },
  { from: 'claude-*', to: 'global.anthropic.claude-*' },
]
