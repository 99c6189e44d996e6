import { Check, CircleAlert, Info, ShieldCheck } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { FaultNotice } from '../ui/notice.tsx'
import type { Chain, Integrity } from './use-integrity.ts'
import type { RangeProof } from './verify-range.ts'
import { VerifyDialog } from './verify-dialog.tsx'

/** How far the log is signed, by which key, and what this browser has found out about the rows that are shown. */
export function IntegrityStrip({
  integrity: { chain, proof, error, retry },
  filtered,
  onWhole,
  onAnew,
}: {
  integrity: Integrity
  filtered: boolean
  /** Shows the log without its filter. */
  onWhole: () => void
  /** Reads the list again. */
  onAnew: () => void
}) {
  const [explaining, setExplaining] = useState(false)
  if (error !== null)
    return <FaultNotice what="The checkpoints could not be read" fault={faultOf(error)} onRetry={retry} />
  if (chain === undefined) return null
  const { checkpoint } = chain
  return (
    <section
      aria-label="Integrity"
      className="flex flex-wrap items-center gap-x-4 gap-y-1.5 rounded-lg border border-line bg-raised px-3 py-1.5"
    >
      <span className="inline-flex items-center gap-1.5 font-medium">
        <ShieldCheck size={14} aria-hidden />
        Integrity
      </span>
      {checkpoint === null ? (
        <span className="text-muted">No checkpoint has been signed yet; the first comes within a minute.</span>
      ) : (
        <span className="text-muted">
          Checkpoint <b className="num font-medium text-text">{exact(checkpoint.number)}</b> · signed{' '}
          <Time at={checkpoint.time} /> · key <span className="mono">{checkpoint.key_id}</span>
        </span>
      )}
      <span role="status" className="min-w-0">
        {proof !== null && (
          <Verdict proof={proof} chain={chain} filtered={filtered} onWhole={onWhole} onAnew={onAnew} />
        )}
      </span>
      <Button tone="quiet" className="-my-1 ml-auto" onClick={() => setExplaining(true)}>
        Verify it yourself
      </Button>
      {explaining && <VerifyDialog chain={chain} onClose={() => setExplaining(false)} />}
    </section>
  )
}

function Verdict({
  proof,
  chain,
  filtered,
  onWhole,
  onAnew,
}: {
  proof: RangeProof
  chain: Chain
  filtered: boolean
  onWhole: () => void
  onAnew: () => void
}) {
  const whole = <Inline onClick={onWhole}>Show the whole log</Inline>
  switch (proof.kind) {
    case 'nothing':
      return null
    case 'proved':
      return (
        <Told tone="ok">
          {events(proof)} verified in this browser
          {proof.unsigned > 0 && ` · ${exact(proof.unsigned)} newer not signed yet`}
        </Told>
      )
    case 'unchecked':
      return (
        <Told tone="plain">
          {events(proof)} fit the checkpoint, whose signature this browser cannot check
          {!isSecureContext && ' on a page without TLS'}
        </Told>
      )
    case 'edited':
      return (
        <Told tone="bad">
          {proof.seqs.length === 1 ? 'Event' : 'Events'} {proof.seqs.slice(0, 5).map(exact).join(', ')}
          {proof.seqs.length > 5 && ` and ${proof.seqs.length - 5} more`} {proof.seqs.length === 1 ? 'is' : 'are'} not
          what was recorded: the hash is another one
        </Told>
      )
    case 'rewritten':
      return <Told tone="bad">The log was made anew: event {exact(proof.seq)} is not the one that was signed</Told>
    case 'forged':
      return <Told tone="bad">The signature of the checkpoint is not genuine</Told>
    case 'gaps':
      if (filtered) return <Told tone="plain">A filter leaves gaps, which cannot be verified. {whole}</Told>
      return (
        <Told tone="warn">
          Between the events {exact(proof.from)} and {exact(proof.to)} some are not in this list: reeve audit verify
          tells whether they are gone
        </Told>
      )
    case 'elsewhere':
      return <Elsewhere proof={proof} chain={chain} whole={filtered ? whole : null} onAnew={onAnew} />
  }
}

/** The rows fit each other, and what was signed is not among them. */
function Elsewhere({
  proof,
  chain,
  whole,
  onAnew,
}: {
  proof: Extract<RangeProof, { kind: 'elsewhere' }>
  chain: Chain
  whole: ReactNode
  onAnew: () => void
}) {
  if (chain.checkpoint === null) return <Told tone="plain">The events fit each other</Told>
  if (whole !== null) return <Told tone="plain">The signed event is not among these. {whole}</Told>
  if (proof.signedSeq !== null && proof.signedSeq < proof.from)
    return <Told tone="plain">The events fit each other; load more, as far as event {exact(proof.signedSeq)}</Told>
  return (
    <Told tone="plain">
      There are newer events than these. <Inline onClick={onAnew}>Read anew</Inline>
    </Told>
  )
}

const events = ({ from, to }: { from: number; to: number }): string =>
  from === to ? `Event ${exact(to)}` : `Events ${exact(from)} to ${exact(to)}`

const tones = {
  ok: ['text-ok', Check],
  plain: ['text-muted', Info],
  warn: ['text-warn', CircleAlert],
  bad: ['font-medium text-bad', CircleAlert],
} as const

function Told({ tone, children }: { tone: keyof typeof tones; children: ReactNode }) {
  const [color, Icon] = tones[tone]
  return (
    <span className={`inline-flex items-start gap-1.5 ${color}`}>
      <Icon size={14} aria-hidden className="mt-0.5 shrink-0" />
      <span>{children}</span>
    </span>
  )
}

const Inline = ({ onClick, children }: { onClick: () => void; children: ReactNode }) => (
  <button type="button" className="min-h-6 rounded text-link underline" onClick={onClick}>
    {children}
  </button>
)
