import type { Effect, RuleText } from '@reeve/policy'
import { useState } from 'react'
import { Choice, Field, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { wordsIn } from './rule-text.ts'

const effects: Readonly<Record<Effect, string>> = {
  allow: 'Allow',
  deny: 'Deny, whatever else allows it',
  ask: 'Ask a person',
}

/** One rule in fields. It is written into the text beside it, where everything else stays as it is. */
export function RuleForm({
  title,
  rule,
  onDone,
  onClose,
}: {
  title: string
  rule: RuleText
  onDone: (rule: RuleText) => void
  onClose: () => void
}) {
  const [tcp, setTcp] = useState(rule.tcp)
  const plain = { autoComplete: 'off', spellCheck: false }
  return (
    <FormDialog
      title={title}
      verb="Write it into the text"
      wide
      busy={false}
      fault={null}
      fields={[]}
      onSubmit={(form) => onDone({ ...ruleOf(form, tcp), reason: rule.reason })}
      onClose={onClose}
    >
      <Choice label="What it says" name="effect" defaultValue={rule.effect}>
        {Object.entries(effects).map(([effect, words]) => (
          <option key={effect} value={effect}>
            {words}
          </option>
        ))}
      </Choice>
      <LongField
        label="Hosts"
        name="host"
        rows={2}
        defaultValue={rule.host.join('\n')}
        hint="One on each line: api.github.com, *.example.com, 10.0.0.0/8"
        {...plain}
      />
      <Choice
        label="What kind of traffic"
        name="tcp"
        value={tcp ? 'tcp' : 'http'}
        onChange={({ currentTarget }) => setTcp(currentTarget.value === 'tcp')}
      >
        <option value="http">Web requests</option>
        <option value="tcp">Any TCP, not looked into: SSH, databases</option>
      </Choice>
      {!tcp && (
        <>
          <Field
            label="Methods"
            name="methods"
            defaultValue={rule.methods.join(', ')}
            hint="GET, HEAD; empty: any"
            {...plain}
          />
          <LongField
            label="Paths"
            name="paths"
            rows={2}
            defaultValue={rule.paths.join('\n')}
            hint="One on each line; * is one segment, ** any number: /repos/acme/**. Empty: any"
            {...plain}
          />
        </>
      )}
      <Field
        label="Ports"
        name="ports"
        defaultValue={rule.ports.join(', ')}
        hint={tcp ? 'At least one: 22, 5432' : 'Empty: 443'}
        {...plain}
      />
      <Field
        label="Only for programs"
        name="exe"
        defaultValue={rule.exe.join(', ')}
        hint="Paths of programs, or of those that started them: /usr/bin/psql. Empty: any"
        {...plain}
      />
      <Field
        label="Until"
        name="expires"
        defaultValue={rule.expires ?? ''}
        hint="An instant such as 2026-11-24T17:00:00Z. Empty: for good"
        {...plain}
      />
      <Field
        label="Name"
        name="id"
        defaultValue={rule.id}
        hint="What the rule is called in records and denials; empty: after its first host"
        {...plain}
      />
    </FormDialog>
  )
}

function ruleOf(form: FormData, tcp: boolean): RuleText {
  const words = (name: string) => wordsIn(textOf(form, name))
  const host = words('host')
  const effect = textOf(form, 'effect')
  const expires = textOf(form, 'expires').trim()
  return {
    id: textOf(form, 'id').trim() || idAfter(host[0] ?? 'rule'),
    effect: effect === 'deny' || effect === 'ask' ? effect : 'allow',
    host,
    ports: words('ports').map(Number),
    tcp,
    methods: words('methods').map((method) => method.toUpperCase()),
    paths: words('paths'),
    exe: words('exe'),
    reason: null,
    expires: expires === '' ? null : expires,
  }
}

const idAfter = (host: string): string =>
  host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)
