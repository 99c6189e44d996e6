import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { client } from '../api/client.ts'
import { groupsIn, membersOf } from '../api/organizations.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import type { Entry, ListedRole, RoleWords } from './access-list.tsx'

/**
 * Whom to put on an access list. Those whom the viewer may look up are offered while the name is typed; a name that he
 * knows and may not look up can be given as well.
 */
export function GrantFields({ organizationId, words }: { organizationId: string; words: RoleWords }) {
  const [kind, setKind] = useState<Entry['kind']>('person')
  const [text, setText] = useState('')
  const names = useId()
  const offered = useOffered(organizationId, kind, text.trim())
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <Choice
        label="Put on it"
        name="kind"
        value={kind}
        onChange={({ target }) => setKind(target.value === 'group' ? 'group' : 'person')}
      >
        <option value="person">a person</option>
        <option value="group">a group</option>
      </Choice>
      <Field
        label={kind === 'group' ? 'Name of the group' : 'Username'}
        name="who"
        list={names}
        autoComplete="off"
        spellCheck={false}
        required
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <datalist id={names}>
        {offered.map(({ name, title }) => (
          <option key={name} value={name} label={title === '' ? name : title} />
        ))}
      </datalist>
      <Choice label="Who then" name="role">
        <option value="use">{words.use}</option>
        <option value="admin">{words.admin}</option>
      </Choice>
    </div>
  )
}

interface Offered {
  readonly name: string
  readonly title: string
}

/** Nobody where the viewer may look nobody up. */
function useOffered(organizationId: string, kind: Entry['kind'], text: string): readonly Offered[] {
  const people = membersOf(organizationId)
  const { data: found = [] } = useQuery({
    queryKey: ['candidates', people.name, text],
    queryFn: ({ signal }) => people.find(text, signal),
    placeholderData: (before) => before,
    enabled: kind === 'person',
    retry: false,
  })
  const { data: groups = [] } = useQuery({ ...groupsIn(organizationId), enabled: kind === 'group', retry: false })
  return kind === 'group'
    ? groups.map(({ name, display_name: title }) => ({ name, title }))
    : found.map(({ username, name }) => ({ name: username, title: name }))
}

/** The entry that the fields ask for: they have a name, and the list has ids. */
export async function grantOf(form: FormData, organization: string): Promise<Entry> {
  const who = textOf(form, 'who').trim()
  const role: ListedRole = textOf(form, 'role') === 'admin' ? 'admin' : 'use'
  if (textOf(form, 'kind') === 'group') {
    const { id } = await client.call(endpoints.getGroupByName, { params: { organization, group: who } })
    return { kind: 'group', id, role }
  }
  const { id } = await client.call(endpoints.getUser, { params: { user: who } })
  return { kind: 'person', id, role }
}
