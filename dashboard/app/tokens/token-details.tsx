import type { ApiKey } from '@reeve/sdk'
import { CopyIcon } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Expiry } from './expiry.tsx'
import { isForAll, scopeWords } from './scope-words.tsx'
import { nameOf } from './token-columns.tsx'

/** All that is known of a token, which is everything but the token. */
export function TokenDetails({ token, onClose }: { token: ApiKey; onClose: () => void }) {
  return (
    <Dialog title={nameOf(token)} wide onClose={onClose}>
      <div className="space-y-4">
        <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3">
          <Fact name="Id">
            <span className="mono">{token.id}</span>
            <CopyIcon label="Copy the id" text={token.id} />
          </Fact>
          <Fact name="Whose">
            <HostileLine text={token.username} />
          </Fact>
          <Fact name="Last used">{token.last_used === null ? 'never' : <Time at={token.last_used} />}</Fact>
          <Fact name="Created">
            <Time at={token.created_at} />
          </Fact>
          <Fact name="Expires">
            <Expiry token={token} />
          </Fact>
          {token.workspace_id !== null && (
            <Fact name="Made for the workspace">
              <span className="mono">{token.workspace_id}</span>
            </Fact>
          )}
        </dl>
        <List title="What it may" lines={token.scopes.map((scope) => scopeWords[scope] ?? scope)} />
        <List
          title="For what"
          lines={
            isForAll(token.allow_list) ? ['every object'] : token.allow_list.map(({ type, id }) => `${type}: ${id}`)
          }
        />
      </div>
    </Dialog>
  )
}

function List({ title, lines }: { title: string; lines: readonly string[] }) {
  return (
    <div>
      <h3 className="text-xs text-muted">{title}</h3>
      <ul className="list-disc pl-5">
        {lines.map((line) => (
          <li key={line} className="wrap-anywhere">
            <HostileLine text={line} />
          </li>
        ))}
      </ul>
    </div>
  )
}
