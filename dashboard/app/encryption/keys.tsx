import type { KeyringReport } from '@reeve/sdk'
import { CircleAlert, KeyRound, LockKeyhole, Trash2 } from 'lucide-react'
import { type Column, DataTable } from '../table/data-table.tsx'
import { CopyIcon } from '../ui/copy.tsx'
import { Count, State, Time } from '../ui/facts.tsx'

type Key = KeyringReport['keys'][number]
type Place = KeyringReport['places'][number]

/** The same words as `reeve keyring show`. */
function KeyUse({ of: { seals, held, removable } }: { of: Key }) {
  const icon = { size: 14, 'aria-hidden': true } as const
  if (seals)
    return (
      <State tone="text-ok" icon={<LockKeyhole {...icon} />}>
        seals
      </State>
    )
  if (!held)
    return (
      <State tone="text-bad" icon={<CircleAlert {...icon} />}>
        missing
      </State>
    )
  if (removable)
    return (
      <State tone="text-muted" icon={<Trash2 {...icon} />}>
        can be removed
      </State>
    )
  return (
    <State tone="text-warn" icon={<KeyRound {...icon} />}>
      opens
    </State>
  )
}

const keyColumns: readonly Column<Key>[] = [
  {
    id: 'id',
    title: 'Id',
    wide: true,
    cell: ({ id }) => (
      <span className="inline-flex max-w-full items-center gap-1">
        <span className="mono truncate">{id}</span>
        <CopyIcon label={`Copy the id ${id}`} text={id} />
      </span>
    ),
  },
  { id: 'use', title: 'Use', width: '10rem', cell: (key) => <KeyUse of={key} /> },
  { id: 'values', title: 'Values', width: '6rem', numeric: true, cell: ({ values }) => <Count value={values} /> },
  { id: 'created', title: 'Known since', width: '11rem', cell: ({ created_at }) => <Time at={created_at} /> },
]

export function Keys({ keys }: { keys: readonly Key[] }) {
  return <DataTable caption="Keys" columns={keyColumns} rows={keys} />
}

/** What people call it; a column that is new here is called by its own name. */
const placeWords: Readonly<Record<string, string>> = {
  'external_auth_links.access_token': 'Access tokens of linked accounts',
  'external_auth_links.refresh_token': 'Refresh tokens of linked accounts',
  'external_auth_attempts.code_verifier': 'Accounts that are being linked',
  'user_links.refresh_token': 'Refresh tokens of the identity provider',
  'outbox_messages.sealed_facts': 'What waits to be mailed',
  'audit_sinks.secret': 'Secrets of audit sinks',
  'ai_provider_keys.value': 'Keys of AI providers',
}

const placeColumns: readonly Column<Place & { readonly id: string }>[] = [
  { id: 'what', title: 'What', wide: true, cell: ({ id }) => placeWords[id] ?? id },
  { id: 'values', title: 'Values', width: '7rem', numeric: true, cell: ({ values }) => <Count value={values} /> },
  { id: 'left', title: 'On an old key', width: '8rem', numeric: true, cell: ({ left }) => <Count value={left} /> },
]

export function Places({ places }: { places: readonly Place[] }) {
  const rows = places.map((place) => ({ ...place, id: `${place.table}.${place.column}` }))
  return <DataTable caption="What is sealed" columns={placeColumns} rows={rows} />
}
