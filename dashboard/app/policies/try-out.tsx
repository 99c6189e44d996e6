import { reasonText, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, Field, FormFault, textOf } from '../forms/field.tsx'
import { CheckedRules } from '../network/checked-rules.tsx'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { EffectWord } from './effect-word.tsx'

/** What one request or command comes to, by the text as it stands here or by what is in force. */
export function TryOut({ document }: { document: string }) {
  const { data, mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const act = textOf(form, 'act').trim()
      const exe = textOf(form, 'exe').trim()
      const isRequest = /^\S+\s+\w+:\/\//.test(act)
      return client.call(endpoints.simulateBoundaryPolicy, {
        body: {
          ...(isRequest ? { request: act } : { command: act }),
          ...(exe === '' ? {} : { exe }),
          ...(textOf(form, 'by') === 'text' ? { document } : {}),
        },
      })
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <form
      noValidate
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isPending) mutate(new FormData(event.currentTarget))
      }}
    >
      <FormFault fault={fault} fields={['request', 'command', 'exe']} />
      <div className="grid gap-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <Field
          label="A request or a command"
          name="act"
          autoComplete="off"
          spellCheck={false}
          placeholder="GET https://api.github.com/repos/acme/shop"
          hint="Or a command line: git push --force"
        />
        <Field label="By the program" name="exe" autoComplete="off" spellCheck={false} hint="Optional: /usr/bin/curl" />
      </div>
      <div className="flex flex-wrap items-end gap-3">
        <Choice label="Decided by" name="by" defaultValue="text">
          <option value="text">the text as it stands here</option>
          <option value="force">what is in force, all layers</option>
        </Choice>
        <Button type="submit" disabled={isPending}>
          Try it
        </Button>
      </div>
      <div role="status" className="space-y-3 empty:hidden">
        {data !== undefined && fault === null && !isPending && (
          <>
            <p className="wrapped">
              <EffectWord effect={data.decision} />, by <HostileLine text={`${data.rule} (${data.policy})`} />:{' '}
              {reasonText(data.reason)}.
            </p>
            <CheckedRules checked={data.checked} />
          </>
        )}
      </div>
    </form>
  )
}
