import { type AuditSink, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { sinks } from '../api/deployment.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, Field, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { NewSecret } from './new-secret.tsx'
import { SentFields, sentOf } from './sent-fields.tsx'
import { kindWords } from './sink-card.tsx'

type Kind = AuditSink['kind']
const kinds: readonly Kind[] = ['syslog', 'otlp', 'webhook']

const addresses: Readonly<Record<Kind, readonly [placeholder: string, hint: string]>> = {
  syslog: ['tls://logs.example.com:6514', 'tls://, a host and a port; RFC 5424 with octet counting'],
  otlp: ['https://otel.example.com', 'The base address; /v1/logs is added'],
  webhook: ['https://example.com/audit', 'Each event is a request, signed as Standard Webhooks has it'],
}

/** A sink that is made or changed. What is left as it is, is not sent: a secret that is set is never seen here again. */
export function SinkForm({ sink, onClose }: { sink: AuditSink | null; onClose: () => void }) {
  const queries = useQueryClient()
  const [kind, setKind] = useState<Kind>(sink?.kind ?? 'syslog')
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      sink === null
        ? client.call(endpoints.createAuditSink, { body: newSink(kind, form) })
        : client.call(endpoints.updateAuditSink, { params: { sink: sink.id }, body: changes(sink, form) }),
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: sinks.queryKey })
      if (saved.secret === null) onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  if (typeof data?.secret === 'string') {
    return <NewSecret name={data.name} secret={data.secret} onClose={onClose} />
  }
  const [placeholder, hint] = addresses[kind]
  return (
    <FormDialog
      title={sink === null ? 'Add a sink' : `Edit ${sink.name}`}
      verb={isPending ? 'Saving' : sink === null ? 'Add' : 'Save'}
      busy={isPending}
      fault={fault}
      fields={['name', 'url', 'sends', 'secret', 'ca']}
      onSubmit={mutate}
      onClose={onClose}
    >
      {sink === null && (
        <Choice
          label="Kind"
          name="kind"
          value={kind}
          onChange={({ currentTarget }) => setKind(kinds.find((one) => one === currentTarget.value) ?? 'syslog')}
        >
          {kinds.map((one) => (
            <option key={one} value={one}>
              {kindWords[one]}
            </option>
          ))}
        </Choice>
      )}
      <Field
        label="Name"
        name="name"
        autoComplete="off"
        spellCheck={false}
        defaultValue={sink?.name ?? ''}
        hint="Small letters, digits and hyphens"
        fault={fault}
      />
      <Field
        label="Address"
        name="url"
        autoComplete="off"
        spellCheck={false}
        inputMode="url"
        placeholder={placeholder}
        defaultValue={sink?.url ?? ''}
        hint={hint}
        fault={fault}
      />
      <SentFields sink={sink} fault={fault} />
      <Choice label="Form of the events" name="format" defaultValue={sink?.format ?? 'reeve'}>
        <option value="reeve">Reeve: as in the audit log, with hashes</option>
        <option value="ocsf">OCSF: as security products read them</option>
      </Choice>
      {kind !== 'syslog' && <SecretFields key={kind} kind={kind} sink={sink} fault={fault} />}
      <CaFields sink={sink} fault={fault} />
      <label className="flex items-center gap-2">
        <input type="checkbox" name="allow_private" defaultChecked={sink?.allow_private ?? false} /> The address may be
        in a private network
      </label>
      {sink === null && (
        <Choice label="Begin" name="from" defaultValue="now">
          <option value="now">with what comes from now on</option>
          <option value="beginning">with the first that is kept</option>
        </Choice>
      )}
    </FormDialog>
  )
}

interface Part {
  readonly sink: AuditSink | null
  readonly fault: ReturnType<typeof faultOf> | null
}

function SecretFields({ kind, sink, fault }: Part & { kind: Kind }) {
  const isToken = kind === 'otlp'
  const has = sink?.has_secret === true
  const [way, setWay] = useState(has ? 'keep' : isToken ? 'none' : 'make')
  return (
    <>
      <Choice
        label={isToken ? 'Bearer token' : 'Signing secret'}
        name="secret"
        value={way}
        fault={fault}
        onChange={({ currentTarget }) => setWay(currentTarget.value)}
      >
        {has && <option value="keep">stays as it is</option>}
        {isToken ? <option value="none">none is sent</option> : <option value="make">a new one is made</option>}
        <option value="enter">is entered here</option>
      </Choice>
      {way === 'make' && <p className="text-xs text-muted">It is shown once, when it has been made.</p>}
      {way === 'enter' && (
        <Field
          label={isToken ? 'Token' : 'Secret'}
          name="secret_text"
          type="password"
          autoComplete="off"
          spellCheck={false}
          hint={isToken ? 'At least 16 characters' : 'whsec_ and 24 to 64 bytes in base64'}
        />
      )}
    </>
  )
}

function CaFields({ sink, fault }: Part) {
  const [way, setWay] = useState(sink?.has_ca === true ? 'keep' : 'public')
  return (
    <>
      <Choice
        label="Certificates trusted"
        name="ca_way"
        value={way}
        onChange={({ currentTarget }) => setWay(currentTarget.value)}
      >
        {sink?.has_ca === true && <option value="keep">its own, as they are</option>}
        <option value="public">the public ones</option>
        <option value="enter">those entered here</option>
      </Choice>
      {way === 'enter' && (
        <LongField
          label="Certificates"
          name="ca"
          rows={5}
          spellCheck={false}
          placeholder="-----BEGIN CERTIFICATE-----"
          hint="PEM, one after the other"
          fault={fault}
        />
      )}
    </>
  )
}

const common = (form: FormData) => ({
  name: textOf(form, 'name').trim(),
  url: textOf(form, 'url').trim(),
  format: textOf(form, 'format') === 'ocsf' ? ('ocsf' as const) : ('reeve' as const),
  allow_private: form.get('allow_private') === 'on',
  ...sentOf(form),
})

const newSink = (kind: Kind, form: FormData) => ({
  ...common(form),
  kind,
  from: textOf(form, 'from') === 'beginning' ? ('beginning' as const) : ('now' as const),
  ...(textOf(form, 'secret') === 'enter' ? { secret: textOf(form, 'secret_text').trim() } : {}),
  ...(textOf(form, 'ca_way') === 'enter' ? { ca: textOf(form, 'ca') } : {}),
})

function changes(sink: AuditSink, form: FormData) {
  const secretWay = textOf(form, 'secret')
  const caWay = textOf(form, 'ca_way')
  const next = common(form)
  return {
    ...(next.name === sink.name ? {} : { name: next.name }),
    ...(next.url === sink.url ? {} : { url: next.url }),
    ...(next.format === sink.format ? {} : { format: next.format }),
    ...(next.allow_private === sink.allow_private ? {} : { allow_private: next.allow_private }),
    ...(next.sends.join() === sink.sends.join() ? {} : { sends: next.sends }),
    ...(next.content === sink.content ? {} : { content: next.content }),
    ...(secretWay === 'make' || (secretWay === 'none' && sink.has_secret) ? { secret: null } : {}),
    ...(secretWay === 'enter' ? { secret: textOf(form, 'secret_text').trim() } : {}),
    ...(caWay === 'public' && sink.has_ca ? { ca: null } : {}),
    ...(caWay === 'enter' ? { ca: textOf(form, 'ca') } : {}),
  }
}
