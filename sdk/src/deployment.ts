import { z } from 'zod'
import { endpoint } from './endpoint.ts'

export const getHealth = endpoint({
  name: 'getHealth',
  method: 'GET',
  path: '/healthz',
  aliases: ['/readyz', '/api/v2/healthz'],
  summary: 'Answers 200 `OK` when the server is ready to serve',
  tag: 'Deployment',
  permission: 'public',
  answers: 'bytes',
  result: z.string(),
  faults: ['unavailable'],
})

export const getOpenApi = endpoint({
  name: 'getOpenApi',
  method: 'GET',
  path: '/api/v2/openapi.json',
  summary: 'This API as an OpenAPI 3.1 document',
  tag: 'Deployment',
  permission: 'public',
  result: z.record(z.string(), z.unknown()),
})

export const getBuildInfo = endpoint({
  name: 'getBuildInfo',
  method: 'GET',
  path: '/api/v2/buildinfo',
  summary: 'Version of the server and where it can be reached',
  tag: 'Deployment',
  permission: 'public',
  result: z.object({
    version: z.string(),
    dashboard_url: z.string(),
    external_url: z.string(),
    deployment_id: z.string(),
    telemetry: z.boolean(),
  }),
})

export const getDeploymentConfig = endpoint({
  name: 'getDeploymentConfig',
  method: 'GET',
  path: '/api/v2/deployment/config',
  summary: 'Every setting with its effective value and where that came from; secrets are never in it',
  tag: 'Deployment',
  permission: 'deployment_config:read',
  result: z.object({
    options: z.array(
      z.object({
        name: z.string(),
        env: z.string(),
        flag: z.string(),
        yaml: z.string(),
        description: z.string(),
        value: z.string(),
        default: z.string(),
        source: z.enum(['default', 'file', 'environment', 'flag']),
      }),
    ),
  }),
})

export const getBridgeStatus = endpoint({
  name: 'getBridgeStatus',
  method: 'GET',
  path: '/api/v2/aibridge/status',
  aliases: ['/api/v2/ai-gateway/status'],
  summary: 'Providers of the bridge and the state of the record: what is journaled, drained and lost',
  tag: 'AI Bridge',
  permission: 'signed_in',
  result: z.object({
    enabled: z.boolean(),
    capture: z.enum(['full', 'prompts', 'metadata']),
    providers: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        base_url: z.string(),
        ready: z.boolean(),
        scripted: z.boolean().describe('Answers from a script built into Reeve; no model is asked.'),
        detail: z.string(),
      }),
    ),
    journal: z.object({
      healthy: z.boolean(),
      detail: z.string(),
      pending_bytes: z.number().int().describe('Durable on disk and not yet in PostgreSQL.'),
      drain_lag_seconds: z.number(),
    }),
  }),
})
