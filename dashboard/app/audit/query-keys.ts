import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { users } from '../api/lists.ts'
import { useMay } from '../api/may.ts'
import type { QueryKey } from '../table/query-bar.tsx'

const actions = [
  'create',
  'write',
  'delete',
  'login',
  'logout',
  'read_content',
  'read_token',
  'assign_roles',
  'export',
  'reset_password',
  'approve',
  'refresh',
  'rotate',
  'start',
  'test',
  'test_login',
  'retry',
]
const resourceTypes = [
  'user',
  'api_key',
  'role',
  'group',
  'organization',
  'organization_member',
  'session',
  'search',
  'audit_log',
  'audit_sink',
  'legal_hold',
  'retention_policy',
  'retention_receipt',
  'idp_sync_settings',
  'device_login',
  'external_auth_link',
  'git_ssh_key',
  'user_secret',
  'keyring_key',
  'masking',
  'notification_settings',
  'notification_template',
  'notification_preferences',
  'notification_delivery',
]

const fixed: readonly QueryKey[] = [
  { key: 'action', hint: 'what was done', values: actions },
  { key: 'resource_type', hint: 'to what kind of thing', values: resourceTypes },
  { key: 'outcome', hint: 'whether it was allowed', values: ['ok', 'refused'] },
  { key: 'actor_type', hint: 'by what kind of actor', values: ['user', 'service_account', 'nobody'] },
  { key: 'source', hint: 'by which way it came', values: ['ui', 'cli', 'api', 'system'] },
]
/** What nobody chooses from a menu: a part of a text, an address, an id. */
const typed: readonly QueryKey[] = [
  ['reason', 'words of the reason'],
  ['ip', 'an address, or a range such as 10.0.0.0/8'],
  ['resource_target', 'what people call the thing'],
  ['resource_id', 'the id of the thing'],
  ['request_id', 'one request to the API'],
  ['id', 'one event'],
  ['date_from', 'a day (UTC) or an instant'],
  ['date_to', 'a day, as a whole, or an instant'],
].map(([key = '', hint = '']) => ({ key, hint, values: [], menu: false }))

/** Every key of the API's search. Names are asked for when they are first needed. */
export function useAuditKeys(): { keys: readonly QueryKey[]; onNeed: () => void } {
  const [wanted, setWanted] = useState(false)
  const seesPeople = useMay()('user:read', 'everywhere')
  const people =
    useInfiniteQuery({ ...users, enabled: wanted && seesPeople }).data?.pages.flatMap((part) => part.rows) ?? []
  const { data: places = [] } = useQuery({
    queryKey: ['organization-names'],
    queryFn: async ({ client }) => {
      // What knows organizations comes with the pages of administration.
      const { organizations } = await import('../api/roles.ts')
      return (await client.ensureQueryData(organizations)).map(({ name }) => name)
    },
    enabled: wanted,
  })
  const keys = [
    ...fixed,
    { key: 'username', hint: 'by whom', values: people.map(({ username }) => username), menu: seesPeople },
    { key: 'organization', hint: 'where', values: places },
    ...typed,
  ]
  return { keys, onNeed: () => setWanted(true) }
}
