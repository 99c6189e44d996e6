import type { AiProvider } from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'

/** What a server answers about providers; one of them by somebody who means no good. */
export function providerAnswers(
  empty: boolean,
  { hostile, id, at }: { readonly hostile: string; readonly id: string; readonly at: string },
): Partial<Record<Name, Handler>> {
  const provider: AiProvider = {
    id,
    name: 'openai',
    display_name: hostile,
    type: 'openai',
    base_url: 'https://api.openai.com/v1',
    enabled: true,
    icon: '',
    allow_private: false,
    source: 'stored',
    variable: null,
    ready: false,
    detail: hostile,
    settings: { region: 'eu-central-1', models: [{ from: hostile, to: hostile }] },
    api_keys: [{ id, masked: hostile, weight: 2, created_at: at }],
    created_at: at,
    updated_at: at,
  }
  const type = {
    type: 'openai',
    display_name: hostile,
    base_url: null,
    example_url: hostile,
    needs_key: true,
    settings: ['region'],
    built_in: {},
  }
  const result = { key_id: id, masked: hostile, ok: true, status: 200, latency_ms: 12, error: null }
  const standing = {
    requests: 3,
    keys: [
      { id, masked: hostile, state: 'refused', used_at: at, rests: [{ model: hostile, state: 'refused', until: at }] },
      { id: hostile, masked: '', state: 'usable', used_at: null, rests: [] },
    ],
    models: [
      { model: hostile, state: 'open', until: at },
      { model: '', state: 'half_open', until: null },
    ],
    left_out: 2,
  }
  const gateway = { gateway: id, host: hostile, process: 1, seen_at: at, standing }
  return {
    listAiProviders: () => ({ providers: empty ? [] : [provider], types: empty ? [] : [type] }),
    getAiProvider: () => provider,
    getAiProviderStanding: () => ({ gateways: empty ? [] : [gateway, { ...gateway, process: 2, standing: null }] }),
    createAiProvider: () => provider,
    updateAiProvider: () => ({ ...provider, dropped_keys: 1 }),
    testAiProvider: () => ({ results: empty ? [] : [result] }),
    deleteAiProvider: () => undefined,
  }
}
