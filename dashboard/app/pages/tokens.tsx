import { type ApiKey, scopes } from '@reeve/sdk'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../api/may.ts'
import { tokens } from '../api/tokens.ts'
import { listPage, type Page, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import type { QueryKey } from '../table/query-bar.tsx'
import { useList } from '../table/use-list.ts'
import { useListSearch } from '../table/use-list-search.ts'
import { AnsweredFor } from '../tokens/answered-for.tsx'
import { CreateToken } from '../tokens/create-token.tsx'
import { RevokeToken } from '../tokens/revoke-token.tsx'
import { tokenColumns } from '../tokens/token-columns.tsx'
import { TokenDetails } from '../tokens/token-details.tsx'
import { Button } from '../ui/button.tsx'
import { Empty } from '../ui/notice.tsx'

const keys: readonly QueryKey[] = [
  { key: 'scope', hint: 'what it may', values: scopes },
  { key: 'used', hint: 'whether it ever was', values: ['never'] },
  { key: 'used_before', hint: 'not used since a day, as in 2026-01-31', values: [], menu: false },
  { key: 'expires_before', hint: 'it ends before a day', values: [], menu: false },
]
const everybodysKeys: readonly QueryKey[] = [
  { key: 'kind', hint: 'whose it is', values: ['person', 'service', 'workspace'] },
  { key: 'user', hint: 'a username', values: [], menu: false },
  ...keys,
]

/** API tokens: the viewer's own, made here, shown once and revoked here; everybody's, for who may read them. */
export function TokensPage() {
  const { of, ended } = useSearch({ from: '/app/tokens' })
  const may = useMay()
  const everybody = of === 'everybody'
  const withEnded = ended === 'yes'
  const asking = useListSearch()
  const list = useList(tokens({ of: everybody ? null : 'me', q: asking.q, ended: withEnded }))
  const [creating, setCreating] = useState(false)
  const [shown, setShown] = useState<ApiKey | null>(null)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const search = asking.q === '' ? {} : { q: asking.q }
  const title = everybody ? 'Everybody’s tokens' : 'My tokens'
  usePage(asPage(title, everybody, withEnded, search))
  return (
    <>
      <ListPage
        title={title}
        caption={everybody ? 'API tokens of everybody' : 'My API tokens'}
        noun="token"
        list={list}
        columns={tokenColumns({
          everybody,
          onShow: setShown,
          onRevoke: everybody && !may('api_key:delete', 'everywhere') ? null : setRevoking,
        })}
        filters={{ asking, label: 'Query the tokens', keys: everybody ? everybodysKeys : keys, ranged: false }}
        aside={
          <Button tone="primary" onClick={() => setCreating(true)}>
            Create a token
          </Button>
        }
        empty={
          <Empty title={everybody ? 'Nobody has a token' : 'You have no tokens'}>
            <p>
              A token lets an agent or a script act as you, with a scope of its own. One with the scope “gateway” can
              call models and nothing else.
            </p>
          </Empty>
        }
      >
        <Which everybody={everybody} mayAll={may('api_key:read', 'everywhere')} ended={withEnded} />
        {!everybody && <AnsweredFor />}
      </ListPage>
      {creating && <CreateToken onClose={() => setCreating(false)} />}
      {shown !== null && <TokenDetails token={shown} onClose={() => setShown(null)} />}
      {revoking !== null && <RevokeToken token={revoking} onClose={() => setRevoking(null)} />}
    </>
  )
}

/** How to ask for the same list elsewhere. */
function asPage(title: string, everybody: boolean, withEnded: boolean, search: { q?: string }): Page {
  const path = '/api/v2/users/me/keys/tokens'
  const cli = ['reeve tokens list', everybody ? '--all' : '', withEnded ? '--include-expired' : '']
  const query = new URLSearchParams({
    ...(everybody && { include_all: 'true' }),
    ...(withEnded && { include_expired: 'true' }),
    ...search,
  })
  return {
    ...listPage(title, cli.filter((word) => word !== '').join(' '), path, search),
    api: query.size === 0 ? path : `${path}?${query}`,
  }
}

/** Whose tokens are listed, and whether those that have ended are among them. */
function Which({ everybody, mayAll, ended }: { everybody: boolean; mayAll: boolean; ended: boolean }) {
  const navigate = useNavigate()
  // The list is the same whatever else is asked of it.
  const only = { exact: true }
  const tab =
    'rounded-md px-2.5 py-1 text-muted hover:bg-hover aria-[current=page]:bg-tint aria-[current=page]:text-link'
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 pb-2">
      {(mayAll || everybody) && (
        <nav aria-label="Whose tokens" className="flex gap-1">
          <Link to="/tokens" className={tab} activeOptions={only} aria-current={everybody ? undefined : 'page'}>
            Mine
          </Link>
          <Link
            to="/tokens"
            search={{ of: 'everybody' }}
            className={tab}
            activeOptions={only}
            aria-current={everybody ? 'page' : undefined}
          >
            Everybody’s
          </Link>
        </nav>
      )}
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          checked={ended}
          onChange={(event) =>
            void navigate({
              to: '.',
              search: (old) => ({ ...old, ended: event.target.checked ? 'yes' : undefined }),
              replace: true,
            })
          }
        />
        Also those that have ended
      </label>
    </div>
  )
}
