import { systemClock } from '@reeve/base'
import { eachEndpoint as endpoints, type Session } from '@reeve/sdk'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleCheck, CircleDashed } from 'lucide-react'
import { useEffect, useState } from 'react'
import { client } from '../api/client.ts'
import { bridgeStatus, buildInfo } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { useWatch } from '../api/use-watch.ts'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** The way from an empty deployment to the first recorded session: three steps, and proof of the last one. */
export function ConnectPage() {
  usePage({ title: 'Connect an agent', cli: 'reeve connect claude' })
  const { data: build } = useQuery(buildInfo)
  const { data: bridge } = useQuery(bridgeStatus)
  const url = build === undefined || build.external_url === '' ? location.origin : build.external_url.replace(/\/$/, '')
  const ready = bridge?.providers.find((one) => one.ready && !one.scripted)
  const provider = ready ?? bridge?.providers.find((one) => one.ready) ?? bridge?.providers[0]
  const name = provider?.name ?? 'anthropic'

  return (
    <div className="mx-auto max-w-2xl space-y-8 px-4 py-8">
      <div>
        <h1 className="text-lg">Connect an agent</h1>
        <p className="mt-1 text-muted">
          An agent talks to its model through Reeve with a Reeve token instead of a provider key. Its whole session can
          then be read here.
        </p>
      </div>
      {provider?.scripted === true && (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">
          No provider has a key yet, so these commands use <b>{name}</b>: a script built into Reeve that asks no model.
          An administrator sets <code className="mono">REEVE_AIBRIDGE_ANTHROPIC_KEY</code> for real answers.
        </p>
      )}
      <section aria-labelledby="by-command" className="space-y-2">
        <h2 id="by-command" className="text-base">
          With the command line
        </h2>
        <p className="text-muted">
          Signs in, makes a token that can call models and nothing else, and sets up this shell. With{' '}
          <code className="mono">--write</code>, as in <code className="mono">reeve connect claude --write</code>, it
          changes the settings of the agent itself instead, for every shell.
        </p>
        <Commands
          label="Commands to connect Claude Code"
          lines={[
            `reeve login ${url}`,
            `eval "$(reeve connect claude${name === 'anthropic' ? '' : ` --provider ${name}`})"`,
            "claude -p 'Show me that it works'",
          ]}
        />
      </section>
      <section aria-labelledby="by-hand" className="space-y-2">
        <h2 id="by-hand" className="text-base">
          Or by hand
        </h2>
        <ByHand base={`${url}/api/v2/aibridge/${name}`} />
      </section>
      <OtherAgents providers={bridge?.providers ?? []} />
      <FirstRequest />
    </div>
  )
}

const otherAgents = [
  { title: 'Codex', name: 'codex', provider: 'openai', trial: "codex exec 'Show me that it works'" },
  {
    title: 'Gemini CLI',
    name: 'gemini',
    provider: 'gemini',
    trial: "gemini -m gemini-2.5-pro -p 'Show me that it works'",
  },
  {
    title: 'opencode',
    name: 'opencode',
    provider: 'openai',
    trial: "opencode run -m reeve/gpt-5.5 'Show me that it works'",
  },
] as const

/** Those whose provider can be asked, or for whose API there is a script. */
function OtherAgents({ providers }: { providers: readonly { readonly name: string; readonly ready: boolean }[] }) {
  const isReady = (name: string): boolean => providers.some((one) => one.name === name && one.ready)
  const shown = otherAgents.flatMap(({ title, name, provider, trial }) => {
    const scripted = `scripted-${provider}`
    if (isReady(provider)) return [{ title, lines: [`eval "$(reeve connect ${name})"`, trial] }]
    if (isReady(scripted)) return [{ title, lines: [`eval "$(reeve connect ${name} --provider ${scripted})"`, trial] }]
    return []
  })
  if (shown.length === 0) return null
  return (
    <section aria-labelledby="other-agents" className="space-y-2">
      <h2 id="other-agents" className="text-base">
        Other agents
      </h2>
      <p className="text-muted">Signed in on the command line, the same works for these.</p>
      {shown.map(({ title, lines }) => (
        <Commands key={title} label={`Commands to connect ${title}`} lines={lines} />
      ))}
    </section>
  )
}

function ByHand({ base }: { base: string }) {
  const { mutate, data, isPending, error } = useMutation({
    mutationFn: () =>
      client.call(endpoints.createToken, {
        params: { user: 'me' },
        body: { scope: 'gateway', token_name: `claude-${systemClock.now().getTime().toString(36)}` },
      }),
  })
  return (
    <>
      <p className="text-muted">Any client that speaks the Messages format works with these two variables.</p>
      <Commands
        label="Environment variables"
        lines={[`export ANTHROPIC_BASE_URL=${base}`, `export ANTHROPIC_AUTH_TOKEN=${data?.key ?? 'rv_…'}`]}
      />
      {error !== null && (
        <FaultNotice what="The token could not be made" fault={faultOf(error)} onRetry={() => mutate()} />
      )}
      {data === undefined ? (
        <Button onClick={() => mutate()} disabled={isPending}>
          Make a token for these lines
        </Button>
      ) : (
        <p role="status">The token is in the lines above and is shown this once. It can call models for 30 days.</p>
      )}
    </>
  )
}

/** Waits for a session that was not there when the page was opened, and opens it. */
function FirstRequest() {
  const navigate = useNavigate()
  const [since] = useState(() => systemClock.now().toISOString())
  const [arrived, setArrived] = useState<Session | null>(null)
  const look = useMutation({
    mutationFn: () => client.call(endpoints.listSessions, { query: { limit: 1, q: 'initiator:me' } }),
    onSuccess: ({ sessions: [latest] }) => {
      if (latest !== undefined && latest.last_active_at > since) setArrived(latest)
    },
  })
  const state = useWatch(
    'first-request',
    arrived === null,
    (signal) => client.events(endpoints.watchSessions, { signal }),
    () => look.mutate(),
  )
  useEffect(() => {
    if (arrived === null) return
    const timer = setTimeout(() => void navigate({ to: '/sessions/$id', params: { id: arrived.id } }), 1500)
    return () => clearTimeout(timer)
  }, [arrived, navigate])

  return (
    <section aria-label="First request" role="status" className="rounded-lg border border-line bg-raised px-4 py-3">
      {arrived === null ? (
        <p className="flex items-center gap-2">
          <CircleDashed size={16} className="pulse text-link" aria-hidden />
          Waiting for the first request
          {state.kind === 'lost' && <span className="text-muted">(reconnecting)</span>}
        </p>
      ) : (
        <p className="flex flex-wrap items-center gap-2">
          <CircleCheck size={16} className="text-ok" aria-hidden />
          Received from <HostileLine text={arrived.client} />.
          <Link to="/sessions/$id" params={{ id: arrived.id }} className="text-link underline">
            Open its timeline
          </Link>
        </p>
      )}
    </section>
  )
}
