import type { BuiltIn } from '../messages-elsewhere/capabilities.ts'
import type { KnownCapability } from '../messages-elsewhere/capability.ts'

/** Data, from what users of Vertex AI report: it takes a beta later than Anthropic, and refuses what it does not know. */

const toolSearch = 'tool-search-tool-2025-10-19'

const plain: KnownCapability = {
  models: '*',
  betas: [
    'computer-use-2025-01-24',
    'interleaved-thinking-2025-05-14',
    'context-1m-2025-08-07',
    'context-management-2025-06-27',
    toolSearch,
  ],
  thinking: 'any',
  omit: ['metadata', 'service_tier', 'container', 'inference_geo'],
  needs: {
    context_management: 'context-management-2025-06-27',
    'thinking.display': 'thinking-display-updates-2026-08-18',
    'tools.defer_loading': toolSearch,
    'tools.input_examples': 'tool-examples-2025-10-29',
  },
}
const older: Omit<KnownCapability, 'models'> = {
  ...plain,
  thinking: 'budget',
  needs: { ...plain.needs, output_config: 'effort-2025-11-24' },
}

export const builtIn: BuiltIn = {
  rows: [
    { ...older, models: 'claude-3-*' },
    { ...older, models: 'claude-sonnet-4@*' },
    { ...older, models: 'claude-*-4-1@*' },
    { ...older, models: 'claude-*-4-5@*' },
    { ...plain, models: 'claude-opus-4-7*', thinking: 'adaptive' },
    { ...plain, models: 'claude-opus-4-8*', thinking: 'adaptive' },
    plain,
  ],
  otherNames: { 'advanced-tool-use-2025-11-20': [toolSearch] },
}
