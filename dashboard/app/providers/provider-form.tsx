import { type AiProvider, type AiProviderType, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { providers } from '../api/providers.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { draftsOf, type KeyDraft, KeyEditor, keysIn, newKeysIn } from './key-editor.tsx'
import { SettingsFields, settingNames, settingsFrom } from './settings-fields.tsx'

/** A provider that is made or changed. A key that is kept is never seen here again. */
export function ProviderForm({
  provider,
  types,
  onClose,
}: {
  provider: AiProvider | null
  types: readonly AiProviderType[]
  onClose: () => void
}) {
  const queries = useQueryClient()
  const [typeName, setType] = useState(provider?.type ?? types[0]?.type ?? '')
  const [url, setUrl] = useState(provider?.base_url ?? '')
  const [drafts, setDrafts] = useState<readonly KeyDraft[]>(
    provider === null ? [{ mark: 'first', kept: null, text: '', weight: '0' }] : draftsOf(provider.api_keys),
  )
  const type = types.find((one) => one.type === typeName)
  const settings = (form: FormData) => settingsFrom(form, type, provider?.settings ?? {})
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData): Promise<AiProvider> =>
      provider === null
        ? client.call(endpoints.createAiProvider, {
            body: { ...made(form), ...named(form, typeName), settings: settings(form), api_keys: newKeysIn(drafts) },
          })
        : client.call(endpoints.updateAiProvider, {
            params: { provider: provider.id ?? provider.name },
            body: { ...made(form), settings: settings(form), api_keys: keysIn(drafts) },
          }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: providers.queryKey })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  const drops = provider !== null && isElsewhere(url, provider.base_url) && drafts.some(({ kept }) => kept !== null)
  const keyFields = drafts.flatMap((_, index) => [`api_keys.${index}.api_key`, `api_keys.${index}.weight`])
  return (
    <FormDialog
      title={provider === null ? 'Add a provider' : `Edit ${provider.name}`}
      verb={isPending ? 'Saving' : provider === null ? 'Add' : 'Save'}
      busy={isPending}
      fault={fault}
      fields={['name', 'display_name', 'base_url', 'type', ...settingNames, ...keyFields]}
      onSubmit={mutate}
      onClose={onClose}
    >
      {provider === null && (
        <>
          <Choice
            label="Type"
            name="type"
            value={typeName}
            fault={fault}
            onChange={({ currentTarget }) => setType(currentTarget.value)}
          >
            {types.map((one) => (
              <option key={one.type} value={one.type}>
                {one.display_name}
              </option>
            ))}
          </Choice>
          <Field
            label="Name in the path"
            name="name"
            autoComplete="off"
            spellCheck={false}
            hint="Small letters, digits and hyphens: clients ask /api/v2/aibridge/<name>/…"
            fault={fault}
          />
        </>
      )}
      <Field
        label="Shown as"
        name="display_name"
        autoComplete="off"
        defaultValue={provider?.display_name ?? ''}
        fault={fault}
      />
      <Field
        label="Base URL"
        name="base_url"
        autoComplete="off"
        spellCheck={false}
        inputMode="url"
        value={url}
        placeholder={type?.base_url ?? type?.example_url ?? ''}
        hint={
          type?.base_url != null ? `Empty: ${type.base_url}` : 'With the path that all of its routes have in common'
        }
        fault={fault}
        onChange={({ currentTarget }) => setUrl(currentTarget.value)}
      />
      {drops && (
        <p role="status" className="rounded-md border border-warn px-3 py-2 text-warn">
          The keys so far were entered for another address and will be removed. Enter the keys for this one below.
        </p>
      )}
      <SettingsFields key={typeName} type={type} settings={provider?.settings ?? {}} fault={fault} />
      <label className="flex items-center gap-2">
        <input type="checkbox" name="allow_private" defaultChecked={provider?.allow_private ?? false} /> The address may
        be in a private network, and http
      </label>
      <KeyEditor drafts={drafts} fault={fault} onChange={setDrafts} />
    </FormDialog>
  )
}

function isElsewhere(url: string, before: string): boolean {
  const [one, other] = [URL.parse(url), URL.parse(before)]
  return one !== null && one.origin !== other?.origin
}

/** What is left empty stays, or is what the type has. */
function made(form: FormData) {
  const [displayName, baseUrl] = [textOf(form, 'display_name').trim(), textOf(form, 'base_url').trim()]
  return {
    ...(displayName === '' ? {} : { display_name: displayName }),
    ...(baseUrl === '' ? {} : { base_url: baseUrl }),
    allow_private: form.get('allow_private') === 'on',
  }
}

const named = (form: FormData, type: string) => ({ name: textOf(form, 'name').trim(), type })
