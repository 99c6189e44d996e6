import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { announce } from '../ui/announce.ts'
import { DiffView } from '../diff/diff-view.tsx'

/** What is about to change, in one look, and why: then it is in force everywhere within seconds. */
export function Publish({
  policy,
  version,
  before,
  after,
  reverts = null,
  onDone,
  onClose,
}: {
  policy: string
  /** The one that was read: somebody who was faster is not written over. */
  version: number
  before: string
  after: string
  /** The version whose text comes back. */
  reverts?: number | null
  onDone: () => void
  onClose: () => void
}) {
  const queries = useQueryClient()
  const { mutate, isPending, error } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.publishBoundaryPolicy, {
        params: { policy },
        body: {
          document: after,
          message: textOf(form, 'message').trim(),
          based_on: version,
          ...(reverts === null ? {} : { reverts }),
        },
      }),
    onSuccess: async (published) => {
      announce(`Version ${published.version} is published`)
      onDone()
      await queries.invalidateQueries({ queryKey: ['policies'] })
    },
  })
  return (
    <FormDialog
      title={reverts === null ? `Publish version ${version + 1}` : `Go back to version ${reverts}`}
      verb={isPending ? 'Publishing' : 'Publish'}
      wide
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      fields={['message']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field
        label="What changes, and why"
        name="message"
        autoComplete="off"
        maxLength={500}
        defaultValue={reverts === null ? '' : `Back to version ${reverts}: `}
        hint="It stands with the version and in the audit log"
        fault={error === null ? null : faultOf(error)}
      />
      <DiffView before={before} after={after} label="What changes in the text" />
      <p className="text-muted">
        Boundaries that run now have it within seconds, and those that are started later at once.
      </p>
    </FormDialog>
  )
}
