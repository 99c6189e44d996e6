import type { AiGatewayStanding, AiKeyStanding, AiModelStanding } from '@reeve/sdk'
import { Check, CircleAlert, CirclePause } from 'lucide-react'
import { State } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

/** What keys, models, gateways and their states are called, in full and in short. */

const tones: Readonly<Record<AiKeyStanding['state'], readonly [tone: string, icon: typeof Check]>> = {
  usable: ['text-ok', Check],
  busy: ['text-warn', CircleAlert],
  limited: ['text-warn', CirclePause],
  refused: ['text-bad', CircleAlert],
}

export function KeyState({ state }: Pick<AiKeyStanding, 'state'>) {
  const [tone, Icon] = tones[state]
  return (
    <State tone={tone} icon={<Icon size={14} aria-hidden />}>
      {state}
    </State>
  )
}

export function ModelState({ state }: Pick<AiModelStanding, 'state'>) {
  const isOpen = state === 'open'
  const Icon = isOpen ? CircleAlert : CirclePause
  return (
    <State tone={isOpen ? 'text-bad' : 'text-warn'} icon={<Icon size={14} aria-hidden />}>
      {isOpen ? 'left alone' : 'being tried'}
    </State>
  )
}

export function KeyName({ of: { id, masked } }: { of: Pick<AiKeyStanding, 'id' | 'masked'> }) {
  return (
    <>
      Key{' '}
      <span className="mono">
        <HostileLine text={masked === '' ? id : masked} />
      </span>
    </>
  )
}

export function ModelName({ model }: { model: string }) {
  if (model === '') return <>requests that name no model</>
  return (
    <span className="mono">
      <HostileLine text={model} />
    </span>
  )
}

export function GatewayName({ of: { host, process } }: { of: Pick<AiGatewayStanding, 'host' | 'process'> }) {
  return <HostileLine text={`${host} (process ${process})`} />
}
