import type { BuiltIn } from '../messages-elsewhere/capabilities.ts'
import type { KnownCapability } from '../messages-elsewhere/capability.ts'

/**
 * Data, from Amazon's documentation and from what its users report. Amazon takes a feature later than Anthropic, under
 * the name of a beta that differs by model, and refuses a request for anything that it does not know.
 */

const effort = 'effort-2025-11-24'
const contextManagement = 'context-management-2025-06-27'
const toolSearch = 'tool-search-tool-2025-10-19'
const toolExamples = 'tool-examples-2025-10-29'

/** Betas that have other names at Amazon. */
const otherNames = {
  'advanced-tool-use-2025-11-20': [toolSearch, toolExamples],
}

const plain: KnownCapability = {
  models: '*',
  betas: [
    'computer-use-2025-01-24',
    'token-efficient-tools-2025-02-19',
    'interleaved-thinking-2025-05-14',
    'output-128k-2025-02-19',
    'dev-full-thinking-2025-05-14',
    'context-1m-2025-08-07',
  ],
  thinking: 'budget',
  omit: ['metadata', 'service_tier', 'container', 'inference_geo'],
  needs: {
    output_config: effort,
    context_management: contextManagement,
    'thinking.display': 'thinking-display-updates-2026-08-18',
    'tools.defer_loading': toolSearch,
    'tools.input_examples': toolExamples,
  },
}
const tools = [...plain.betas, toolSearch, toolExamples]
const { output_config: _, ...withEffort } = plain.needs

const of46: Omit<KnownCapability, 'models'> = { ...plain, betas: tools, thinking: 'any', needs: withEffort }

/** From Opus 4.7 on, models think as much as they find good, and most of what was a beta is one no more. */
const newer: Omit<KnownCapability, 'models'> = {
  betas: [],
  thinking: 'adaptive',
  omit: [...plain.omit, 'output_config.format'],
  needs: withEffort,
}

const rows: readonly KnownCapability[] = [
  { ...plain, models: '*claude-opus-4-5*', betas: [...tools, effort] },
  { ...plain, models: '*claude-sonnet-4-5*', betas: [...tools, contextManagement] },
  { ...plain, models: '*claude-haiku-4-5*', betas: [...plain.betas, contextManagement] },
  { ...of46, models: '*claude-opus-4-6*' },
  { ...of46, models: '*claude-sonnet-4-6*' },
  { ...newer, models: '*claude-opus-4-7*' },
  { ...newer, models: '*claude-opus-4-8*' },
  { ...newer, models: '*claude-opus-5*' },
  { ...newer, models: '*claude-sonnet-5*' },
  { ...newer, models: '*claude-haiku-5*' },
  { ...newer, models: '*claude-fable-*' },
  { ...newer, models: '*claude-mythos-*' },
  plain,
]

export const builtIn: BuiltIn = { rows, otherNames }
