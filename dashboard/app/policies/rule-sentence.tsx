import type { CommandRule, NetworkRule } from '@reeve/policy'
import type { ReactNode } from 'react'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { argvText } from './argv-text.ts'
import { EffectWord } from './effect-word.tsx'

/** A rule as a sentence: “Allow GET, HEAD to api.github.com path /repos/acme/** for claude until 24 Nov”. */

export function RuleSentence({ rule }: { rule: NetworkRule }) {
  const { effect, host, ports, http, tcp, tls, when, expires, reason } = rule
  const methods = http?.methods ?? []
  const paths = http?.paths ?? []
  const usual = ports.length === 0 || (ports.length === 1 && ports[0] === 443 && !tcp)
  return (
    <p className="leading-6 wrapped">
      <EffectWord effect={effect} />{' '}
      {tcp ? 'connections' : methods.length === 0 ? 'every request' : <Names names={methods} />} to{' '}
      <Names names={host} />
      {!usual && (
        <>
          {' '}
          on {ports.length === 1 ? 'port' : 'ports'} <Names names={ports.map(String)} />
        </>
      )}
      {paths.length > 0 && (
        <>
          {' '}
          {paths.length === 1 ? 'path' : 'paths'} <Names names={paths} />
        </>
      )}
      {when !== null && (
        <>
          {' '}
          for <Names names={when.exe} />
        </>
      )}
      {expires !== null && (
        <>
          {' '}
          until <Time at={expires} />
        </>
      )}
      {tls === 'passthrough' && <span className="text-muted"> · not looked into</span>}
      {reason !== null && (
        <span className="text-muted">
          {' '}
          · <HostileLine text={reason} />
        </span>
      )}
    </p>
  )
}

export function CommandSentence({ rule }: { rule: CommandRule }) {
  return (
    <p className="leading-6 wrapped">
      <EffectWord effect={rule.effect} /> the command <Name>{argvText(rule.argv)}</Name>
      {rule.when !== null && (
        <>
          {' '}
          from <Names names={rule.when.exe} />
        </>
      )}
    </p>
  )
}

const shownMax = 6

function Names({ names }: { names: readonly string[] }) {
  const rest = names.slice(shownMax)
  return (
    <>
      {names.slice(0, shownMax).map((name, at) => (
        <span key={at}>
          {at > 0 && ', '}
          <Name>{name}</Name>
        </span>
      ))}
      {rest.length > 0 && (
        <span className="text-muted" title={rest.join('\n').slice(0, 4000)}>
          {' '}
          and {rest.length} more
        </span>
      )}
    </>
  )
}

function Name({ children }: { children: string }): ReactNode {
  return (
    <strong className="mono font-semibold">
      <HostileLine text={children} />
    </strong>
  )
}
