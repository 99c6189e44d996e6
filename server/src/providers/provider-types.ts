import {
  anthropicProvider,
  azureProvider,
  bedrockCapabilities,
  bedrockModels,
  bedrockProvider,
  copilotProvider,
  geminiProvider,
  openaiProvider,
  type Provider,
  type ProviderOptions,
  type ProviderSettings,
  vertexCapabilities,
  vertexModels,
  vertexProvider,
} from '@reeve/bridge'

/** One kind of LLM API: whose it is, and which of the bridge's providers speaks with it. */
export interface ProviderTypeFacts {
  readonly displayName: string
  /** Null where everybody has an address of his own. */
  readonly baseUrl: string | null
  readonly exampleUrl: string
  /** Servers in one's own house often want none. */
  readonly needsKey: boolean
  readonly make: (options: ProviderOptions) => Provider
  /** How its models are asked for, to see whether a key is any good. */
  readonly modelsPath: string
  readonly headers: Readonly<Record<string, string>>
  /** What it can be told beside an address and keys, and what holds beside that. */
  readonly settings?: readonly (keyof ProviderSettings)[]
  readonly builtIn?: ProviderSettings
  /** Its address, where the settings say it. */
  readonly addressOf?: (settings: ProviderSettings) => string | null
}

const openaiLike = { make: openaiProvider, modelsPath: '/v1/models', headers: {}, needsKey: true } as const

const at = (displayName: string, baseUrl: string) => ({ displayName, baseUrl, exampleUrl: baseUrl })

export const providerTypes = {
  anthropic: {
    ...at('Anthropic', 'https://api.anthropic.com'),
    needsKey: true,
    make: anthropicProvider,
    modelsPath: '/v1/models',
    headers: { 'anthropic-version': '2023-06-01' },
  },
  openai: { ...openaiLike, ...at('OpenAI', 'https://api.openai.com/v1') },
  google: {
    ...at('Google Gemini', 'https://generativelanguage.googleapis.com'),
    needsKey: true,
    make: geminiProvider,
    modelsPath: '/v1beta/models',
    headers: {},
  },
  azure: {
    ...openaiLike,
    make: azureProvider,
    modelsPath: '/openai/v1/models',
    displayName: 'Azure OpenAI',
    baseUrl: null,
    exampleUrl: 'https://my-resource.openai.azure.com',
  },
  bedrock: {
    displayName: 'Amazon Bedrock',
    baseUrl: null,
    exampleUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
    needsKey: true,
    make: bedrockProvider,
    // Its models are listed at another address; this list is at the same one, and costs nothing either.
    modelsPath: '/async-invoke',
    headers: {},
    settings: ['region', 'models', 'capabilities'],
    builtIn: { models: bedrockModels, capabilities: bedrockCapabilities.rows },
    addressOf: bedrockAddress,
  },
  vertex: {
    displayName: 'Google Vertex AI',
    baseUrl: 'https://aiplatform.googleapis.com',
    exampleUrl: 'https://europe-west1-aiplatform.googleapis.com',
    needsKey: true,
    make: vertexProvider,
    modelsPath: '/v1beta1/publishers/google/models',
    headers: {},
    settings: ['project', 'location', 'token_url', 'models', 'capabilities'],
    builtIn: { models: vertexModels, capabilities: vertexCapabilities.rows },
    addressOf: vertexAddress,
  },
  copilot: {
    ...openaiLike,
    ...at('GitHub Copilot', 'https://api.individual.githubcopilot.com'),
    make: copilotProvider,
    modelsPath: '/models',
    // Everybody brings the token of his own subscription.
    needsKey: false,
  },
  openrouter: { ...openaiLike, ...at('OpenRouter', 'https://openrouter.ai/api/v1') },
  vercel: { ...openaiLike, ...at('Vercel AI Gateway', 'https://ai-gateway.vercel.sh/v1') },
  'openai-compat': {
    ...openaiLike,
    needsKey: false,
    displayName: 'Speaks the OpenAI API',
    baseUrl: null,
    exampleUrl: 'https://models.example.com/v1',
  },
} as const satisfies Readonly<Record<string, ProviderTypeFacts>>

function bedrockAddress({ region }: ProviderSettings): string | null {
  if (region === undefined) return null
  return `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

function vertexAddress({ location }: ProviderSettings): string | null {
  return location === undefined || location === 'global' ? null : `https://${location}-aiplatform.googleapis.com`
}

export const factsOf = (type: ProviderType): ProviderTypeFacts => providerTypes[type]

export type ProviderType = keyof typeof providerTypes

export const isProviderType = (text: string): text is ProviderType => Object.hasOwn(providerTypes, text)

// SAFETY: keys of the object above.
export const providerTypeNames = Object.keys(providerTypes) as ProviderType[]

/**
 * First segments below the bridge that are the management API's own, and what a path of clients would be mistaken for:
 * no provider may have such a name.
 */
export const reservedNames: ReadonlySet<string> = new Set([
  'sessions',
  'sessions-export',
  'sessions-watch',
  'interceptions',
  'models',
  'clients',
  'status',
  'gateways',
])
