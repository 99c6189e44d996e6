import { eachEndpoint as endpoints, type KeyringReport } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { keyring } from '../api/deployment.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { Keys, Places } from '../encryption/keys.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Section } from '../mine/section.tsx'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { exact, plural } from '../ui/format.ts'
import { FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'

/** The keys that secrets in the database are sealed with, what each still seals, and changing them. */
export function EncryptionPage() {
  usePage({ title: 'Encryption', cli: 'reeve keyring show', api: '/api/v2/keyring' })
  const queries = useQueryClient()
  const mayRotate = useMay()('deployment_config:update', 'everywhere')
  const [asking, setAsking] = useState(false)
  const rotate = useMutation({
    mutationFn: () => client.call(endpoints.rotateKeyring),
    onSuccess: () => setAsking(false),
    onSettled: () => queries.invalidateQueries({ queryKey: keyring.queryKey }),
  })
  const { data, error, refetch } = useQuery({
    ...keyring,
    // What is left is watched while it gets less.
    refetchInterval: ({ state }) => (rotate.isPending || state.data?.resealing === true ? 1_000 : false),
  })
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <PageHead
        title="Encryption"
        about={
          <>
            Secrets that Reeve has to use again are sealed with AES-256-GCM before they reach the database. Passwords
            and tokens are not among them: of those only hashes are kept.
          </>
        }
      >
        {mayRotate && data !== undefined && (
          <Button tone="primary" onClick={() => setAsking(true)}>
            {data.source === 'file' ? 'Change the key' : 'Seal again'}
          </Button>
        )}
      </PageHead>
      {error !== null && (
        <FaultNotice what="The keys could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      )}
      {data !== undefined && (
        <>
          <Progress report={data} resealed={rotate.data?.resealed ?? null} busy={rotate.isPending} />
          <Section title="Keys" about={whereWords(data)} what="The keys">
            <Keys keys={data.keys} />
          </Section>
          <Section
            title="What is sealed"
            about="Each value for its place alone: copied into another row it does not open."
            what="What is sealed"
          >
            <Places places={data.places} />
          </Section>
        </>
      )}
      {asking && data !== undefined && (
        <Rotate
          report={data}
          busy={rotate.isPending}
          fault={rotate.error === null ? null : faultOf(rotate.error)}
          onSubmit={() => rotate.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  )
}

const whereWords = ({ source }: KeyringReport): string =>
  source === 'file'
    ? 'Reeve made its key and keeps it in the file keyring of the data directory. Keep a copy of it, and not where copies of the database are kept.'
    : 'The keys are configured, in REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS; the first seals, all of them open.'

/** How much is sealed with the first key, and what does not open at all. */
function Progress({ report, resealed, busy }: { report: KeyringReport; resealed: number | null; busy: boolean }) {
  const all = report.places.reduce((sum, { values }) => sum + values, 0)
  const left = report.places.reduce((sum, place) => sum + place.left, 0)
  return (
    <div className="space-y-3">
      {report.unreadable > 0 && (
        <div role="alert" className="rounded-md border border-bad bg-bad-tint px-3 py-2 text-bad">
          <p className="font-medium">
            {plural(report.unreadable, 'value')} cannot be opened with any key of the server that answers.
          </p>
          <p>Put the key that is missing back, from your copy. Until then what needs these values does not work.</p>
        </div>
      )}
      <div className="space-y-1">
        <progress
          aria-label="Sealed with the first key"
          className="h-2 w-full overflow-hidden rounded-full bg-hover [&::-moz-progress-bar]:bg-link [&::-webkit-progress-bar]:bg-hover [&::-webkit-progress-value]:bg-link"
          max={Math.max(1, all)}
          value={all === 0 ? 1 : all - left}
        />
        <p role="status">
          {all === 0
            ? 'Nothing is sealed yet.'
            : left === 0
              ? `All ${plural(all, 'value')} are sealed with the first key.`
              : `${exact(all - left)} of ${plural(all, 'value')} are sealed with the first key; ${exact(left)} left.`}
          {(busy || report.resealing) && ' Sealing again.'}
          {resealed !== null && !busy && ` ${plural(resealed, 'value')} sealed again just now.`}
        </p>
      </div>
    </div>
  )
}

function Rotate({
  report: { source },
  ...form
}: {
  report: KeyringReport
  busy: boolean
  fault: ReturnType<typeof faultOf> | null
  onSubmit: () => void
  onClose: () => void
}) {
  const isOwn = source === 'file'
  return (
    <FormDialog
      title={isOwn ? 'Change the key' : 'Seal everything again'}
      verb={form.busy ? 'Sealing' : isOwn ? 'Make a new key' : 'Seal again'}
      fields={[]}
      {...form}
    >
      {isOwn ? (
        <p>
          A new key is made and put in front, and every secret is sealed with it. Nothing stops meanwhile, and it may be
          cut short at any moment: the old key opens until nothing is sealed with it. Copy the key file again
          afterwards.
        </p>
      ) : (
        <p>
          Every secret that is sealed with another key than the first is sealed with it. Put a new key in front of the
          list and start the servers first; what is done here is also done in the background every ten minutes.
        </p>
      )}
    </FormDialog>
  )
}
