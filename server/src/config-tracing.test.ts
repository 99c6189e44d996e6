import { Fault } from '@reeve/base'
import { expect, test } from 'vitest'
import { type Config, readConfig } from './config.ts'
import { traceSettings } from './config-tracing.ts'

const read = (env: Record<string, string>): Config =>
  readConfig({ argv: [], env: { HOME: '/home/dana', ...env }, readFile: () => '', uid: 1000 })

function problems(env: Record<string, string>): Record<string, string> {
  try {
    read(env)
  } catch (thrown) {
    if (thrown instanceof Fault) return Object.fromEntries(thrown.problems.map(({ field, detail }) => [field, detail]))
    throw thrown
  }
  return {}
}

test('nothing is traced until somebody asks for it', () => {
  expect(read({}).trace).toBeNull()
  expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }).trace).toBeNull()
  expect(read({ CODER_TRACE_ENABLE: 'true' }).trace).toMatchObject({
    url: 'http://127.0.0.1:4318/v1/traces',
    protocol: 'http/protobuf',
    sampler: 'parentbased_always_on',
    passedOn: false,
  })
})

test('the variables that every program with OpenTelemetry has say the same here', () => {
  const { trace } = read({
    REEVE_TRACE_ENABLE: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.internal/otlp/',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20sk-1,X-Scope=a=b',
    OTEL_SERVICE_NAME: 'ai-gateway',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '.25',
  })
  expect(JSON.stringify(trace)).not.toContain('sk-1')
  expect(trace === null ? null : traceSettings(trace, '1.0')).toEqual({
    url: 'https://collector.internal/otlp/v1/traces',
    protocol: 'http/json',
    headers: { authorization: 'Bearer sk-1', 'x-scope': 'a=b' },
    serviceName: 'ai-gateway',
    serviceVersion: '1.0',
    sampler: 'traceidratio',
    ratio: 0.25,
    passedOn: false,
  })
  const exact = { REEVE_TRACE_ENABLE: '1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://intake.test/api/v0.2/traces' }
  expect(read(exact).trace?.url).toBe('https://intake.test/api/v0.2/traces')
})

const forOthers = {
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_EXPORTER_OTLP_HEADERS: 'no header',
  OTEL_TRACES_SAMPLER: 'xray',
  OTEL_TRACES_SAMPLER_ARG: 'endpoint=http://localhost:2000',
}

test('variables that are meant for other programs keep nothing from starting while nothing is traced', () => {
  expect(read(forOthers).trace).toBeNull()
  expect(Object.keys(problems({ ...forOthers, REEVE_TRACE_ENABLE: 'true' })).toSorted()).toEqual(
    Object.keys(forOthers).toSorted(),
  )
})

test('a key for the receiver does not leave the machine in the open, and is in no message', () => {
  const open = { REEVE_TRACE_ENABLE: 'true', REEVE_TRACE_ENDPOINT: 'http://collector:4318' }
  expect(problems(open)).toEqual({})
  const told = problems({ ...open, REEVE_TRACE_HEADERS: 'x-key=sk-1' })
  expect(told['REEVE_TRACE_HEADERS']).toContain('without encryption')
  expect(JSON.stringify(told)).not.toContain('sk-1')
  expect(problems({ ...open, REEVE_TRACE_HEADERS: 'x-key=sk-1', REEVE_INSECURE_HTTP: 'true' })).toEqual({})
  const broken = problems({ ...open, REEVE_TRACE_HEADERS: 'x-key=sk-1%0d%0ax: y' })
  expect(broken['REEVE_TRACE_HEADERS']).toContain('no header')
  expect(JSON.stringify(broken)).not.toContain('sk-1')
  expect(problems({ REEVE_TRACE_PASS_ON: 'true' })).toHaveProperty('REEVE_TRACE_PASS_ON')
})
