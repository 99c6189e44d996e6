import type { ApiKey } from '@reeve/sdk'
import { HostileLine } from '../ui/hostile-text.tsx'

/** What a token may, in few words; all of them on hover and in its details. */
export function ScopeWords({ token: { scopes, allow_list, workspace_id } }: { token: ApiKey }) {
  const [first = '', ...others] = scopes
  const bounds = isForAll(allow_list) ? [] : allow_list.map(({ type, id }) => `${type}:${id}`)
  const more = [
    ...(others.length > 0 ? [`and ${others.length} more`] : []),
    ...(bounds.length > 0 ? [`for ${bounds.length} ${bounds.length === 1 ? 'object' : 'objects'}`] : []),
    ...(workspace_id === null ? [] : ['of a workspace']),
  ]
  return (
    <span title={[...scopes, ...bounds].join('\n')}>
      <HostileLine text={scopeWords[first] ?? first} />
      {more.length > 0 && <span className="text-muted"> {more.join(', ')}</span>}
    </span>
  )
}

export const scopeWords: Readonly<Record<string, string>> = {
  gateway: 'gateway: call models',
  api: 'api: this API, no models',
  all: 'all: what its owner may',
}

export const isForAll = (allowList: ApiKey['allow_list']): boolean =>
  allowList.some(({ type, id }) => type === '*' && id === '*')
