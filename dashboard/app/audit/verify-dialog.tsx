import { shellWord } from '../shell/page.ts'
import { CopyIcon, Commands } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import type { Chain } from './use-integrity.ts'

/** How to find out without believing this server, its operators or this page. */
export function VerifyDialog({ chain, onClose }: { chain: Chain; onClose: () => void }) {
  const { checkpoint, keys } = chain
  return (
    <Dialog wide title="Verify the log yourself" onClose={onClose}>
      <div className="space-y-5">
        <p>
          Every event is chained to the one before it, and a replica signs the end of the chain within a minute. What
          this page finds out, it finds out with keys that this server gave it. To depend on nobody, keep the keys below
          where the operators of the server cannot change them, and verify an export on another machine:
        </p>
        <Commands
          label="Commands that verify"
          lines={[
            "reeve audit export --out audit.jsonl --reason 'verification'",
            ['reeve audit verify audit.jsonl', ...keys.map(({ key }) => `--key ${shellWord(key)}`)].join(' '),
          ]}
        />
        <section className="space-y-1">
          <h3 className="font-medium">Public keys</h3>
          <ul className="divide-y divide-line rounded-lg border border-line">
            {keys.map(({ id, key, replica, created_at }) => (
              <li key={id} className="flex items-start gap-2 px-3 py-2">
                <div className="min-w-0 flex-1">
                  <div className="mono wrap-anywhere">
                    <HostileText text={key} />
                  </div>
                  <p className="text-xs text-muted">
                    of the replica {replica}, since <Time at={created_at} />
                  </p>
                </div>
                <CopyIcon label={`Copy: key ${id}`} text={key} />
              </li>
            ))}
          </ul>
        </section>
        {checkpoint !== null && (
          <section className="space-y-1">
            <h3 className="font-medium">The last checkpoint, as it was signed</h3>
            <div className="flex items-start gap-2 rounded-lg border border-line bg-sunken px-3 py-2">
              <div className="mono min-w-0 flex-1 text-xs">
                <HostileText text={checkpoint.note} />
              </div>
              <CopyIcon label="Copy: checkpoint" text={checkpoint.note} />
            </div>
          </section>
        )}
        {chain.removed_seq > 0 && (
          <p className="text-muted">
            Retention has removed the events up to {chain.removed_seq}; a signed record stands for them.
          </p>
        )}
      </div>
    </Dialog>
  )
}
