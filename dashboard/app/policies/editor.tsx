import { type RuleText, ruleTextOf, withoutRule, withRule } from '@reeve/policy'
import type { BoundaryPolicy } from '@reeve/sdk'
import { type ReactNode, useRef, useState } from 'react'
import { useRuleHits } from './use-rule-hits.ts'
import { Button } from '../ui/button.tsx'
import { plural } from '../ui/format.ts'
import { Impact } from './impact.tsx'
import { ProblemList } from './problem-list.tsx'
import { Publish } from './publish.tsx'
import { RuleForm } from './rule-form.tsx'
import { RuleList } from './rule-list.tsx'
import { emptyRule } from './rule-text.ts'
import { TestList } from './test-list.tsx'
import { goToLine, TextPane } from './text-pane.tsx'
import { TryOut } from './try-out.tsx'
import { useChecked } from './use-checked.ts'
import { useDraft } from './use-draft.ts'
import { useRuleForDenial } from './use-rule-for-denial.ts'

/** A rule that is open in its form: one of the text, or a new one. */
interface Editing {
  readonly index: number | null
  readonly rule: RuleText
}

/** The rules as sentences and the text that they stand in, side by side: two views of one document. */
export function Editor({
  policy,
  mayPublish,
}: {
  policy: BoundaryPolicy & { readonly document: string }
  mayPublish: boolean
}) {
  const { draft, isChanged, isBehind, change, drop, rebase } = useDraft(policy)
  const checked = useChecked(draft.text)
  const area = useRef<HTMLTextAreaElement>(null)
  const [line, setLine] = useState(0)
  const [editing, setEditing] = useState<Editing | null>(null)
  const [publishing, setPublishing] = useState(false)
  useRuleForDenial((rule) => setEditing({ index: null, rule }))
  const at = checked.lines.findIndex(({ from, to }) => line >= from && line <= to)
  const errors = checked.problems.filter(({ level }) => level === 'error').length
  const failing = checked.tests.filter(({ passed }) => !passed).length
  const write = (text: string | null) => text !== null && change(text)
  const hits = useRuleHits(policy.name)
  return (
    <div className="space-y-6">
      {isBehind && isChanged && (
        <div
          role="alert"
          className="flex flex-wrap items-center gap-3 rounded-lg border border-warn bg-warn-tint px-3 py-2"
        >
          <p className="min-w-0 flex-1 basis-72">
            Version {policy.version} was published while you changed version {draft.basedOn}.
          </p>
          <Button onClick={rebase}>Keep my text, compare with version {policy.version}</Button>
          <Button tone="danger" onClick={drop}>
            Drop my changes
          </Button>
        </div>
      )}
      <div className="grid gap-4 lg:grid-cols-2">
        <section aria-label="Rules" className="min-w-0 space-y-3">
          <Head title="Rules">
            {mayPublish && checked.policy !== null && (
              <Button onClick={() => setEditing({ index: null, rule: emptyRule })}>Add a rule</Button>
            )}
          </Head>
          {checked.policy === null ? (
            <p className="rounded-md border border-line bg-raised px-3 py-2">
              The text cannot be read as it stands; the rules come back when it can.
            </p>
          ) : (
            <RuleList
              policy={checked.policy}
              hits={hits}
              chosen={at === -1 ? null : at}
              onChoose={(index) => goToLine(area.current, checked.lines[index]?.from ?? 1)}
              onEdit={
                mayPublish
                  ? (index) => {
                      const rule = checked.policy?.network.rules[index]
                      if (rule !== undefined) setEditing({ index, rule: ruleTextOf(rule) })
                    }
                  : null
              }
              onRemove={(index) => write(withoutRule(draft.text, index))}
            />
          )}
        </section>
        <section aria-label="Text" className="flex min-w-0 flex-col gap-3">
          <Head title="Text">
            {isChanged && (
              <Button tone="quiet-danger" onClick={drop}>
                Drop my changes
              </Button>
            )}
            {mayPublish && (
              <Button
                tone="primary"
                disabled={!isChanged || !checked.publishable || isBehind}
                onClick={() => setPublishing(true)}
              >
                Publish
              </Button>
            )}
          </Head>
          <TextPane
            text={draft.text}
            problems={checked.problems}
            marked={checked.lines[at] ?? null}
            readOnly={!mayPublish}
            area={area}
            onChange={change}
            onLine={setLine}
          />
          <p role="status" className="text-xs text-muted">
            {errors > 0 && `${plural(errors, 'error')} to mend before it can be published. `}
            {failing > 0 && `${plural(failing, 'test fails', 'tests fail')}. `}
            {isChanged ? 'Changed, not published.' : `As published in version ${policy.version}.`}
          </p>
        </section>
      </div>
      <div className="grid gap-6 lg:grid-cols-2">
        <Block title="Problems">
          <ProblemList problems={checked.problems} onLine={(to) => goToLine(area.current, to)} />
        </Block>
        <Block title="Tests">
          <TestList tests={checked.tests} />
        </Block>
        <Block title="Try one">
          <TryOut document={draft.text} />
        </Block>
        <Block title="Impact">
          <Impact policy={policy.name} document={draft.text} ready={checked.policy !== null} />
        </Block>
      </div>
      {editing !== null && (
        <RuleForm
          title={editing.index === null ? 'Add a rule' : 'Change the rule'}
          rule={editing.rule}
          onDone={(rule) => {
            write(withRule(draft.text, editing.index, rule))
            setEditing(null)
          }}
          onClose={() => setEditing(null)}
        />
      )}
      {publishing && (
        <Publish
          policy={policy.name}
          version={draft.basedOn}
          before={draft.before}
          after={draft.text}
          onDone={() => {
            setPublishing(false)
            drop()
          }}
          onClose={() => setPublishing(false)}
        />
      )}
    </div>
  )
}

function Head({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-2">
      <h2 className="mr-auto text-base">{title}</h2>
      {children}
    </div>
  )
}

function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0 space-y-2">
      <h2 className="text-base">{title}</h2>
      {children}
    </section>
  )
}
