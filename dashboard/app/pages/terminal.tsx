import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { workspace as workspaceQuery } from '../api/workspaces.ts'
import { shellWord, usePage } from '../shell/page.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { openTerminal } from '../workspaces/open-terminal.ts'

/** A shell in a workspace. Who reloads the page finds it as it was, for some minutes. */
export function TerminalPage() {
  const { workspace: id, agent } = useParams({ from: '/app/workspaces/$workspace/terminal/$agent' })
  const { data: workspace } = useQuery(workspaceQuery(id))
  const place = useRef<HTMLDivElement>(null)
  const [closed, setClosed] = useState<string | null>(null)
  usePage({
    title: `Terminal of ${workspace?.name ?? 'a workspace'}`,
    parent: { title: 'Workspaces', to: '/workspaces' },
    cli: `reeve ssh ${shellWord(workspace === undefined ? id : `${workspace.owner_name}/${workspace.name}`)}`,
  })
  useEffect(() => {
    if (place.current === null || closed !== null) return
    const terminal = openTerminal(place.current, { agent, session: sessionOf(agent), onClosed: setClosed })
    return () => terminal[Symbol.dispose]()
  }, [agent, closed])
  return (
    <div className="flex h-full min-h-96 flex-col gap-2 px-4 py-4">
      <p className="flex flex-wrap items-center gap-x-4">
        <Link to="/workspaces/$workspace" params={{ workspace: id }} className="min-w-0 truncate text-link">
          <HostileLine text={workspace?.name ?? 'The workspace'} />
        </Link>
        {closed !== null && (
          <span role="status" className="text-muted">
            The terminal is closed: <HostileLine text={closed} />
          </span>
        )}
        {closed !== null && (
          <button
            type="button"
            className="min-h-6 text-link"
            onClick={() => {
              forget(agent)
              setClosed(null)
            }}
          >
            Open another
          </button>
        )}
      </p>
      <div ref={place} className="min-h-0 grow rounded-md bg-sunken p-2" role="group" aria-label="Terminal" />
    </div>
  )
}

const keyOf = (agent: string) => `reeve terminal ${agent}`
const forget = (agent: string): void => sessionStorage.removeItem(keyOf(agent))

/** One for each tab, kept as long as the tab is. */
function sessionOf(agent: string): string {
  const known = sessionStorage.getItem(keyOf(agent))
  if (known !== null) return known
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const fresh = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  sessionStorage.setItem(keyOf(agent), fresh)
  return fresh
}
