import type { AiRules } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { aiRules, type RulesHolder } from '../api/rules.ts'
import { Section } from '../mine/section.tsx'
import { Button } from '../ui/button.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { RemoveRules } from './remove-rules.tsx'
import { RulesCheck } from './rules-check.tsx'
import { RulesForm } from './rules-form.tsx'

/** Which models may be asked and which tools called, in an organization or by the members of a group. */
export function RulesSection({ holder, mayChange }: { holder: RulesHolder; mayChange: boolean }) {
  const { data: rules, error, refetch } = useQuery(aiRules(holder))
  const [open, setOpen] = useState<'edit' | 'remove' | 'check' | null>(null)
  const isGroup = holder.groupId !== null
  const isSet = rules !== undefined && rules.version > 0
  return (
    <Section
      title="Models and tools"
      about={
        isGroup
          ? 'These narrow what the organization allows. Who is in several groups with rules may do what one of them allows.'
          : 'Which models may be asked and which tools called, by everybody in it. A change counts within seconds.'
      }
      what="The rules"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
      aside={
        rules !== undefined && (
          <span className="flex flex-wrap gap-2">
            <Button tone="quiet" onClick={() => setOpen('check')}>
              What holds for somebody?
            </Button>
            {mayChange && isSet && (
              <Button tone="quiet-danger" onClick={() => setOpen('remove')}>
                Take the rules away
              </Button>
            )}
            {mayChange && <Button onClick={() => setOpen('edit')}>{isSet ? 'Change the rules' : 'Set rules'}</Button>}
          </span>
        )
      }
    >
      {rules !== undefined && !isSet && (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">
          {isGroup
            ? 'It has no rules of its own: what the organization says holds.'
            : 'There are no rules: every model may be asked, and every tool called.'}
        </p>
      )}
      {isSet && <Shown rules={rules} />}
      {open === 'edit' && rules !== undefined && (
        <RulesForm holder={holder} rules={rules} onClose={() => setOpen(null)} />
      )}
      {open === 'check' && <RulesCheck organizationId={holder.organizationId} onClose={() => setOpen(null)} />}
      {open === 'remove' && <RemoveRules holder={holder} onClose={() => setOpen(null)} />}
    </Section>
  )
}

function Shown({ rules }: { rules: AiRules }) {
  const { models, tools_allowed, tools_denied, contact, updated_at } = rules
  const isGroup = rules.group_id !== null
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(13rem,1fr))] gap-x-6 gap-y-3 rounded-lg border border-line p-4">
      <Fact name="Models that may be asked">
        <Patterns patterns={models} none={isGroup ? 'as the organization says' : 'any'} />
      </Fact>
      <Fact name="Tools that may be called">
        <Patterns patterns={tools_allowed} none="all that are not denied" />
      </Fact>
      <Fact name="Tools that are denied">
        <Patterns patterns={tools_denied} none="" />
      </Fact>
      <Fact name="Whom to ask">
        <HostileLine
          text={
            contact !== ''
              ? contact
              : isGroup
                ? 'whom the organization names'
                : `an administrator of ${rules.organization_name}`
          }
        />
      </Fact>
      {updated_at !== null && (
        <Fact name="Last changed">
          <Time at={updated_at} />
        </Fact>
      )}
    </dl>
  )
}

const scrolledFrom = 8

function Patterns({ patterns, none }: { patterns: readonly string[] | null; none: string }) {
  if (patterns === null) return none
  if (patterns.length === 0) return 'none'
  const list = (
    <ul className="mono min-w-0 text-sm">
      {patterns.map((pattern) => (
        <li key={pattern} className="truncate">
          <HostileLine text={pattern} />
        </li>
      ))}
    </ul>
  )
  if (patterns.length <= scrolledFrom) return list
  return (
    <div className="max-h-48 min-w-0 flex-1 overflow-y-auto" tabIndex={0} role="group" aria-label="Patterns">
      {list}
    </div>
  )
}
