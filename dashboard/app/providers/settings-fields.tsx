import type { Fault } from '@reeve/base'
import type { AiProvider, AiProviderType } from '@reeve/sdk'
import { Field, LongField, textOf } from '../forms/field.tsx'

type Settings = AiProvider['settings']

/** Those that are one line each. */
const lines = [
  {
    name: 'region',
    label: 'Region',
    placeholder: 'eu-central-1',
    hint: 'Requests are signed for it. Empty: the one in the base URL',
  },
  {
    name: 'project',
    label: 'Project',
    placeholder: 'my-project',
    hint: 'In which models of Anthropic are asked by clients that speak Anthropic’s own API',
  },
  { name: 'location', label: 'Location', placeholder: 'europe-west1', hint: 'Where they are asked. Empty: global' },
  {
    name: 'token_url',
    label: 'Tokens are had from',
    placeholder: 'https://oauth2.googleapis.com/token',
    hint: 'For the key of a service account. Empty: Google’s own place',
  },
] as const

/** Names under which the server may refuse one of them. */
export const settingNames = ['settings', ...[...lines.map(({ name }) => name), 'models', 'capabilities'].map(inForm)]

function inForm(name: string): string {
  return `settings.${name}`
}

/** What a provider of this type has beside an address and keys: nothing, for most. */
export function SettingsFields({
  type,
  settings,
  fault,
}: {
  type: AiProviderType | undefined
  settings: Settings
  fault: Fault | null
}) {
  const takes = (name: string): boolean => type?.settings.includes(name) === true
  return (
    <>
      {lines
        .filter(({ name }) => takes(name))
        .map(({ name, ...said }) => (
          <Field
            key={name}
            name={inForm(name)}
            autoComplete="off"
            spellCheck={false}
            defaultValue={settings[name] ?? ''}
            fault={fault}
            {...said}
          />
        ))}
      {takes('models') && (
        <LongField
          label="What models are called there"
          name="settings.models"
          rows={3}
          spellCheck={false}
          className="mono w-full rounded-md border border-control bg-page px-2.5 py-1.5"
          defaultValue={(settings.models ?? []).map(({ from, to }) => `${from} = ${to}`).join('\n')}
          placeholder="claude-haiku-4-5* = eu.anthropic.claude-haiku-4-5-20251001-v1:0"
          hint="What clients say = what the provider calls it, one on each line; * stands for anything. Before what is built in"
          fault={fault}
        />
      )}
      {takes('capabilities') && (
        <LongField
          label="What models take there"
          name="settings.capabilities"
          rows={3}
          spellCheck={false}
          className="mono w-full rounded-md border border-control bg-page px-2.5 py-1.5"
          defaultValue={settings.capabilities === undefined ? '' : JSON.stringify(settings.capabilities, null, 2)}
          placeholder={'[{ "models": "*claude-opus-9*", "thinking": "adaptive", "betas": [] }]'}
          hint="A list in JSON, before what is built in; reeve providers types -o json shows that"
          fault={fault}
        />
      )}
    </>
  )
}

/** What stands in the fields; a list that is no JSON goes to the server as it is, which says so by name. */
export function settingsFrom(form: FormData, type: AiProviderType | undefined, before: Settings): Settings {
  const takes = (name: string): boolean => type?.settings.includes(name) === true
  const said = (name: string): string => (form.has(inForm(name)) ? textOf(form, inForm(name)).trim() : '')
  const oneLine = lines.flatMap(({ name }) => (takes(name) ? [[name, said(name) === '' ? undefined : said(name)]] : []))
  const [models, capabilities] = [said('models'), said('capabilities')]
  return {
    ...before,
    ...Object.fromEntries(oneLine),
    ...(takes('models') && { models: models === '' ? undefined : rulesIn(models) }),
    ...(takes('capabilities') && { capabilities: capabilities === '' ? undefined : rowsIn(capabilities) }),
  }
}

function rulesIn(text: string): Settings['models'] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [from = '', to = ''] = line.split('=')
      return { from: from.trim(), to: to.trim() }
    })
}

function rowsIn(text: string): Settings['capabilities'] {
  try {
    return JSON.parse(text)
  } catch {
    // SAFETY: not what it says it is, so that the server refuses it by its name.
    return text as unknown as Settings['capabilities']
  }
}
