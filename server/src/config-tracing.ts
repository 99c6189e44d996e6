import { Secret } from '@reeve/base'
import { type Option, option, optional } from './config-option.ts'
import * as types from './config-types.ts'
import { protocols, samplers, type TraceSettings } from './tracing/settings.ts'

/** As OpenTelemetry writes them: `name=value,name=value`, each percent-encoded. */
const headerList: types.ValueType<Readonly<Record<string, string>>> = {
  label: 'name=value,…',
  read(given) {
    const headers: Record<string, string> = {}
    for (const one of given.split(',').filter((each) => each.trim() !== '')) {
      const equals = one.indexOf('=')
      const name = one.slice(0, equals).trim().toLowerCase()
      const value = decoded(one.slice(equals + 1).trim())
      if (equals < 1 || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return { problem: 'has a part that is not name=value' }
      if (value === null || !/^[\t\x20-\x7e]*$/.test(value))
        return { problem: `has a value of ${name} that is no header` }
      headers[name] = value
    }
    return { value: headers }
  },
}

const secretHeaders: types.ValueType<Secret> = {
  label: headerList.label,
  read(given) {
    const reading = headerList.read(given)
    return 'problem' in reading ? reading : { value: new Secret(given) }
  },
}

const share: types.ValueType<number> = {
  label: 'number from 0 to 1',
  read: (given) =>
    /^(?:0|1|0?\.\d{1,9}|1\.0*|0\.0*)$/.test(given)
      ? { value: Number(given) }
      : { problem: 'must be a number from 0 to 1' },
}

/** The standard's own variables are aliases: what other programs of a cluster are set up with is right here too. */
export const traceOptions = {
  traceEnable: option('Operation', 'false', {
    env: 'REEVE_TRACE_ENABLE',
    yaml: 'trace.enable',
    type: types.boolean,
    description: 'Send traces to an OpenTelemetry receiver. Never content, never secrets.',
    aliases: ['CODER_TRACE_ENABLE'],
  }),
  traceEndpoint: option('Operation', 'http://127.0.0.1:4318', {
    env: 'REEVE_TRACE_ENDPOINT',
    yaml: 'trace.endpoint',
    type: types.httpUrl,
    description: 'The receiver. Traces go to /v1/traces under it.',
    aliases: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
  }),
  traceUrl: optional<string>('Operation', {
    env: 'REEVE_TRACE_URL',
    yaml: 'trace.url',
    type: types.httpUrl,
    fallbackLabel: '/v1/traces under the endpoint',
    description: 'The exact address that traces go to, for receivers that have another one.',
    aliases: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  }),
  traceHeaders: optional<Secret>('Operation', {
    env: 'REEVE_TRACE_HEADERS',
    yaml: 'trace.headers',
    type: secretHeaders,
    fallbackLabel: 'none',
    description: 'Headers for the receiver, such as its key: name=value,name=value, percent-encoded.',
    secret: true,
    aliases: ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
  }),
  traceProtocol: option('Operation', 'http/protobuf', {
    env: 'REEVE_TRACE_PROTOCOL',
    yaml: 'trace.protocol',
    type: types.choice(...protocols, 'grpc'),
    description: 'How traces are sent. grpc is not spoken, and refused while tracing is on.',
    aliases: ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  }),
  traceServiceName: option('Operation', 'reeve', {
    env: 'REEVE_TRACE_SERVICE_NAME',
    yaml: 'trace.service_name',
    type: types.text,
    description: 'The name that this server has in traces.',
    aliases: ['OTEL_SERVICE_NAME'],
  }),
  traceSampler: option('Operation', 'parentbased_always_on', {
    env: 'REEVE_TRACE_SAMPLER',
    yaml: 'trace.sampler',
    type: types.choice(...samplers),
    description: 'Which traces are kept. Those of parentbased_… follow the caller where there is one.',
    aliases: ['OTEL_TRACES_SAMPLER'],
  }),
  traceSamplerArg: option('Operation', '1', {
    env: 'REEVE_TRACE_SAMPLER_ARG',
    yaml: 'trace.sampler_arg',
    type: share,
    description: 'How many of the traces that begin here traceidratio keeps, of 1.',
    aliases: ['OTEL_TRACES_SAMPLER_ARG'],
  }),
  tracePassedOn: option('Operation', 'false', {
    env: 'REEVE_TRACE_PASS_ON',
    yaml: 'trace.pass_on',
    type: types.boolean,
    description: 'Tell providers of the trace (traceparent, tracestate): for providers that are gateways of your own.',
  }),
} as const

export type TraceValues = {
  readonly [K in keyof typeof traceOptions]: (typeof traceOptions)[K] extends Option<infer T> ? T : never
}

export interface TraceConfig extends Omit<TraceSettings, 'headers' | 'serviceVersion'> {
  readonly headers: Secret | null
}

/** Null where nothing is traced. */
export function traceConfig(values: TraceValues): TraceConfig | null {
  if (!values.traceEnable || values.traceProtocol === 'grpc') return null
  return {
    url: values.traceUrl ?? `${values.traceEndpoint}/v1/traces`,
    protocol: values.traceProtocol,
    headers: values.traceHeaders,
    serviceName: values.traceServiceName,
    sampler: values.traceSampler,
    ratio: values.traceSamplerArg,
    passedOn: values.tracePassedOn,
  }
}

export const traceSettings = ({ headers, ...config }: TraceConfig, serviceVersion: string): TraceSettings => {
  const reading = headers === null ? null : headerList.read(headers.reveal())
  return { ...config, serviceVersion, headers: reading !== null && 'value' in reading ? reading.value : {} }
}

/** Variables of the standard are set for other programs too: they are looked at only when tracing is on. */
export function traceContradictions(
  values: TraceValues,
  refuse: (name: 'traceProtocol' | 'traceHeaders' | 'tracePassedOn', detail: string) => void,
  isOpen: (url: string) => boolean,
): void {
  if (!values.traceEnable) {
    if (values.tracePassedOn) refuse('tracePassedOn', 'needs REEVE_TRACE_ENABLE as well')
    return
  }
  if (values.traceProtocol === 'grpc') refuse('traceProtocol', 'grpc is not spoken: use http/protobuf or http/json')
  if (values.traceHeaders !== null && isOpen(values.traceUrl ?? values.traceEndpoint)) {
    refuse('traceHeaders', 'would be sent without encryption. Use https, or accept it with --insecure-http')
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
