import type { PolicyDocument } from '@reeve/policy'
import { Pencil, Trash2 } from 'lucide-react'
import { exact } from '../ui/format.ts'
import { IconButton } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { CommandSentence, RuleSentence } from './rule-sentence.tsx'

/** The rules as sentences; choosing one marks where it stands in the text. */
export function RuleList({
  policy,
  hits,
  chosen,
  onChoose,
  onEdit,
  onRemove,
}: {
  policy: PolicyDocument
  /** How often each decided lately, by its id. */
  hits: ReadonlyMap<string, number> | null
  chosen: number | null
  onChoose: (index: number) => void
  /** Null where the viewer only reads. */
  onEdit: ((index: number) => void) | null
  onRemove: (index: number) => void
}) {
  const { rules } = policy.network
  return (
    <div className="space-y-4">
      <ol className="divide-y divide-line rounded-md border border-line" aria-label="Rules of the network">
        {rules.map((rule, index) => (
          <li
            key={`${rule.id} ${index}`}
            aria-current={index === chosen ? 'true' : undefined}
            className="flex items-start gap-1 py-1.5 pr-1 pl-3 aria-[current]:bg-tint"
          >
            <div className="min-w-0 flex-1">
              <RuleSentence rule={rule} />
              <p className="flex flex-wrap items-center gap-x-2 text-xs text-muted">
                <button
                  type="button"
                  className="min-h-6 max-w-full truncate rounded underline hover:text-text"
                  onClick={() => onChoose(index)}
                >
                  <HostileLine text={rule.id} />
                </button>
                {hits !== null && <Hits count={hits.get(rule.id) ?? 0} />}
              </p>
            </div>
            {onEdit !== null && (
              <>
                <IconButton
                  label={`Change ${rule.id}`}
                  icon={<Pencil size={14} aria-hidden />}
                  onClick={() => onEdit(index)}
                />
                <IconButton
                  label={`Take ${rule.id} away`}
                  icon={<Trash2 size={14} aria-hidden />}
                  onClick={() => onRemove(index)}
                />
              </>
            )}
          </li>
        ))}
        {rules.length === 0 && <li className="px-3 py-2 text-muted">No rule: every request is denied.</li>}
      </ol>
      <p className="text-muted">What no rule is about is denied.</p>
      {policy.commands.length > 0 && (
        <ul className="divide-y divide-line rounded-md border border-line" aria-label="Rules about commands">
          {policy.commands.map((rule, index) => (
            <li key={`${rule.id} ${index}`} className="px-3 py-1.5">
              <CommandSentence rule={rule} />
              <p className="truncate text-xs text-muted">
                <HostileLine text={rule.id} />
                {hits !== null && (
                  <>
                    {' '}
                    · <Hits count={hits.get(rule.id) ?? 0} />
                  </>
                )}
              </p>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

const Hits = ({ count }: { count: number }) =>
  count === 0 ? (
    <span className="text-warn">never in 30 days</span>
  ) : (
    <span className="num">{exact(count)} in 30 days</span>
  )
