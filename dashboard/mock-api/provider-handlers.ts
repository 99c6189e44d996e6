import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type { AiGatewayStanding, AiProvider, AiProviderType, AiStanding, GatewayFacts } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'

/** Providers in each of their states; one was named by somebody who means no good. */

const [script = ''] = hostileTexts
const now = () => systemClock.now()

const types: readonly AiProviderType[] = [
  ['anthropic', 'Anthropic', 'https://api.anthropic.com', true] as const,
  ['openai', 'OpenAI', 'https://api.openai.com/v1', true] as const,
  ['openai-compat', 'Speaks the OpenAI API', null, false] as const,
].map(([type, display_name, base_url, needs_key]) => {
  const example_url = base_url ?? 'https://models.example.com/v1'
  return { type, display_name, base_url, example_url, needs_key, settings: [], built_in: {} }
})
const bedrock: AiProviderType = {
  type: 'bedrock',
  display_name: 'Amazon Bedrock',
  base_url: null,
  example_url: 'https://bedrock-runtime.us-east-1.amazonaws.com',
  needs_key: true,
  settings: ['region', 'models', 'capabilities'],
  built_in: { models: [{ from: 'claude-*', to: 'global.anthropic.claude-*' }] },
}

const key = (masked: string, weight = 0) => {
  return { id: uuidv7(now()), masked, weight, created_at: now().toISOString() }
}

function provider(name: string, more: Partial<AiProvider> = {}): AiProvider {
  return {
    id: uuidv7(now()),
    name,
    display_name: name,
    type: 'openai',
    base_url: 'https://api.openai.com/v1',
    enabled: true,
    icon: '',
    allow_private: false,
    source: 'stored',
    variable: null,
    ready: true,
    detail: '',
    settings: {},
    api_keys: [key('sk-p...9f2c')],
    created_at: now().toISOString(),
    updated_at: now().toISOString(),
    ...more,
  }
}

const all: AiProvider[] = [
  provider('anthropic', {
    id: null,
    type: 'anthropic',
    base_url: 'https://api.anthropic.com',
    source: 'environment',
    variable: 'REEVE_AIBRIDGE_ANTHROPIC_KEY',
    created_at: null,
    updated_at: null,
  }),
  provider('corp', {
    display_name: `Corp ${script}`,
    api_keys: [key('sk-a...1111', 3), key('sk-b...2222', 1), key(script)],
  }),
  provider('local', {
    type: 'openai-compat',
    base_url: 'http://10.0.0.7:8080/v1',
    allow_private: true,
    enabled: false,
    ready: false,
    detail: 'The provider local is switched off by an administrator.',
    api_keys: [],
  }),
  provider('bedrock', {
    type: 'bedrock',
    base_url: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
    settings: { region: 'eu-central-1', models: [{ from: 'claude-*', to: `eu.anthropic.claude-* ${script}` }] },
    api_keys: [key('AKIA...3333')],
  }),
  provider('spare', {
    ready: false,
    detail: 'The provider spare has no key: an administrator has to give it one.',
    api_keys: [],
  }),
]

function find(given: string): AiProvider {
  const found = all.find(({ id, name }) => id === given || name === given)
  if (found === undefined) throw new Fault('not_found', 'there is no such provider')
  return found
}

const gateway = (process: number, facts: Partial<GatewayFacts> = {}): GatewayFacts => ({
  id: uuidv7(new Date(process)),
  host: 'models-1',
  process,
  version: '0.1.0',
  state: 'running',
  healthy: true,
  detail: '',
  started_at: systemClock.now().toISOString(),
  seen_at: systemClock.now().toISOString(),
  pending_records: 0,
  pending_bytes: 0,
  drain_lag_seconds: 0,
  open_requests: 12,
  ...facts,
})

/** What each gateway that is heard of has found out about a provider; one does not have the one that was added last. */
function standings({ name, api_keys }: AiProvider): AiGatewayStanding[] {
  const [at, soon] = [now().toISOString(), new Date(now().getTime() + 240_000).toISOString()]
  const usable = (used: boolean): AiStanding => ({
    requests: used ? 9 : 0,
    keys: api_keys.map(({ id, masked }, index) => {
      return { id, masked, state: 'usable', used_at: used && index === 0 ? at : null, rests: [] }
    }),
    models: [],
    left_out: 0,
  })
  const [first, second, third] = usable(true).keys
  const troubled: AiStanding = {
    requests: 1,
    keys: [
      { ...first!, state: 'limited', rests: [{ model: 'gpt-5.5', state: 'limited', until: soon }] },
      { ...second!, state: 'busy', used_at: at, rests: [{ model: `gpt ${script}`, state: 'busy', until: soon }] },
      {
        ...third!,
        state: 'refused',
        rests: [
          { model: 'gpt-5.5', state: 'refused', until: soon },
          { model: '', state: 'refused', until: soon },
        ],
      },
      { id: 'f3a91c0de5b7a2c4', masked: '', state: 'usable', used_at: null, rests: [] },
    ],
    models: [
      { model: 'o5-mini', state: 'open', until: soon },
      { model: `gpt ${script}`, state: 'half_open', until: null },
    ],
    left_out: 12,
  }
  const isTroubled = name === 'corp' && api_keys.length === 3
  const found =
    name === 'bedrock'
      ? manyStandings(usable(true), soon)
      : name === 'local'
        ? [usable(false)]
        : [isTroubled ? troubled : usable(name === 'anthropic'), name === 'spare' ? null : usable(name === 'anthropic')]
  return found.map((standing, index) => {
    const host = `${found.length > 2 ? 'fleet' : 'models'}-${Math.floor(index / 4) + 1}`
    return { gateway: uuidv7(new Date(index + 1)), host, process: (index % 4) + 1, seen_at: at, standing }
  })
}

/** More gateways than anybody wants to read of; at some of them it does not go well. */
function manyStandings(well: AiStanding, until: string): AiStanding[] {
  const rests = (state: 'busy' | 'limited'): AiStanding => ({
    ...well,
    keys: well.keys.map((one) => ({ ...one, state, rests: [{ model: 'claude-opus', state, until }] })),
  })
  const failing = Array.from({ length: 9 }, (_, index) => ({ model: `claude-${index}`, state: 'open' as const, until }))
  const odd: Readonly<Record<number, AiStanding>> = {
    5: rests('busy'),
    6: rests('limited'),
    9: { ...well, models: failing, left_out: 2 },
  }
  return Array.from({ length: 24 }, (_, index) => odd[index] ?? well)
}

export const providerHandlers: Handlers = {
  listGateways: () => ({
    gateways: [
      gateway(1),
      gateway(2, { detail: 'PostgreSQL does not take the record at the moment; it is kept on disk.', healthy: false }),
      gateway(3, { host: 'models-2', state: 'silent', pending_records: 1_203, open_requests: 0 }),
    ],
  }),
  listAiProviders: () => ({ providers: all, types: [...types, bedrock] }),
  getAiProvider: ({ params }) => find(params.provider),
  getAiProviderStanding: ({ params }) => ({ gateways: standings(find(params.provider)) }),
  createAiProvider: ({ body }) => {
    if (all.some(({ name }) => name === body.name))
      throw new Fault('conflict', 'there is a provider of this name already', {
        problems: [{ field: 'name', detail: 'is taken' }],
      })
    const api_keys = (body.api_keys ?? []).map(({ api_key, weight }) => key(`${api_key.slice(0, 4)}...`, weight))
    const { name, type, display_name = name, base_url = 'https://api.openai.com/v1', allow_private = false } = body
    const { settings = {} } = body
    const created = provider(name, { type, display_name, base_url, allow_private, settings, api_keys })
    all.push(created)
    return created
  },
  updateAiProvider: ({ params, body }) => {
    const found = find(params.provider)
    const { display_name, base_url, enabled, allow_private, settings, api_keys } = body
    const given = Object.entries({ display_name, base_url, enabled, allow_private, settings })
    Object.assign(found, Object.fromEntries(given.filter(([, value]) => value !== undefined)))
    found.ready = found.enabled
    if (enabled === true) found.detail = ''
    if (api_keys !== undefined)
      found.api_keys = api_keys.map((one) => {
        if ('api_key' in one) return key(`${one.api_key.slice(0, 4)}...`, one.weight)
        const kept = found.api_keys.find(({ id }) => id === one.id) ?? key('')
        return { ...kept, weight: one.weight ?? kept.weight }
      })
    return { ...found, dropped_keys: 0 }
  },
  testAiProvider: ({ params }) => ({
    results: find(params.provider).api_keys.map(({ id, masked }, index) => ({
      key_id: id,
      masked,
      ok: index === 0,
      status: index === 0 ? 200 : 401,
      latency_ms: 184 + index,
      error: index === 0 ? null : 'the provider does not take this key',
    })),
  }),
  deleteAiProvider: ({ params }) => void all.splice(all.indexOf(find(params.provider)), 1),
}
