import { z } from 'zod'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Licences: signed statements of how much a deployment may use, and what follows from all of them together. */

/** What a licence may put a number on. Nothing stops at any of them. */
export const limitNames = ['managed_agent_limit', 'user_limit', 'ai_governance_user_limit'] as const
export type LimitName = (typeof limitNames)[number]

/** What is there whatever was licensed; clients of the field ask for these by name. */
export const featureNames = [
  'access_control',
  'aibridge',
  'audit_log',
  'boundary',
  'custom_roles',
  'external_token_encryption',
  'high_availability',
  'multiple_external_auth',
  'multiple_organizations',
  'template_rbac',
  'user_role_management',
] as const
export type FeatureName = (typeof featureNames)[number]

const lifetimeSecondsMax = 5 * 366 * 86_400

/** Seconds since 1970, as in every JWT; of the years that people plan for. */
const seconds = z.number().int().min(0).max(32_503_680_000)

/** The payload of a licence, which is a JWT signed with Ed25519. What another release added is left alone. */
export const LicenseClaims = z
  .object({
    version: z.literal(3),
    iss: z.string().max(256).optional().describe('Who made it.'),
    jti: Id.toLowerCase().describe('The same licence is there once.'),
    iat: seconds,
    nbf: seconds.describe('Before this it lies dormant.'),
    license_expires: seconds.describe('From here on it is honoured for a while, with a warning.'),
    exp: seconds.describe('Its end.'),
    account_type: z.string().max(64).optional(),
    account_id: z.string().max(256).optional(),
    deployment_ids: z.array(Id.toLowerCase()).max(100).optional().describe('Where it counts; anywhere when left out.'),
    trial: z.boolean().optional(),
    feature_set: z.string().max(64).optional(),
    addons: z.array(z.string().max(64)).max(100).optional(),
    features: z
      .record(z.string().max(64), z.number().int().min(0).max(1_000_000_000))
      .describe('Numbers by name; managed_agent_limit is that of Agent Workspace Builds.'),
  })
  .refine((claims) => claims.nbf <= claims.license_expires && claims.license_expires <= claims.exp, {
    message: 'must begin before it ends: nbf, license_expires, exp',
  })
  .refine((claims) => claims.exp - claims.nbf <= lifetimeSecondsMax, { message: 'lasts longer than five years' })
export type LicenseClaims = z.infer<typeof LicenseClaims>

export const LicenseState = z.enum(['dormant', 'active', 'grace_period', 'ended', 'invalid'])
export type LicenseState = z.infer<typeof LicenseState>

export const License = z.object({
  id: z.number().int(),
  uuid: Id,
  uploaded_at: Instant,
  claims: z.looseObject({}).describe('As they were signed; empty where it is not valid here.'),
  state: LicenseState,
  problem: z.string().describe('Why it is invalid; empty when it is not.'),
})
export type License = z.infer<typeof License>

export const EntitlementState = z.enum(['entitled', 'grace_period', 'not_entitled'])
export type EntitlementState = z.infer<typeof EntitlementState>

export const UsagePeriod = z.object({ issued_at: Instant, start: Instant, end: Instant })
export type UsagePeriod = z.infer<typeof UsagePeriod>

export const Feature = z.object({
  entitlement: EntitlementState,
  enabled: z.boolean(),
  limit: z.number().int().optional(),
  actual: z.number().int().optional().describe('Shown to those who may read licences.'),
  usage_period: UsagePeriod.optional(),
})
export type Feature = z.infer<typeof Feature>

export const Entitlements = z.object({
  features: z.record(z.string(), Feature),
  warnings: z.array(z.string()).describe('Shown to those who may read licences, as errors are.'),
  errors: z.array(z.string()),
  has_license: z.boolean(),
  trial: z.boolean(),
  require_telemetry: z.literal(false),
  refreshed_at: Instant,
})
export type Entitlements = z.infer<typeof Entitlements>

export const listLicenses = endpoint({
  name: 'listLicenses',
  method: 'GET',
  path: '/api/v2/licenses',
  summary: 'The licences of this deployment, oldest first; their text is never given out',
  tag: 'Licences',
  permission: 'license:read',
  result: z.array(License),
})

export const addLicense = endpoint({
  name: 'addLicense',
  method: 'POST',
  path: '/api/v2/licenses',
  summary: 'Add a licence; one that is not genuine, for another deployment or over is refused',
  tag: 'Licences',
  permission: 'license:create',
  body: z.strictObject({ license: z.string().min(1).max(64_000) }),
  status: 201,
  result: License,
  faults: ['invalid', 'conflict'],
})

export const deleteLicense = endpoint({
  name: 'deleteLicense',
  method: 'DELETE',
  path: '/api/v2/licenses/:id',
  summary: 'Take a licence away',
  tag: 'Licences',
  permission: 'license:delete',
  params: z.object({ id: z.string().regex(/^[1-9]\d{0,14}$/, 'is no number of a licence') }),
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})

export const getEntitlements = endpoint({
  name: 'getEntitlements',
  method: 'GET',
  path: '/api/v2/entitlements',
  summary: 'What all licences together allow; what is used and what to worry about for those who may read licences',
  tag: 'Licences',
  permission: 'signed_in',
  result: Entitlements,
})

export const refreshEntitlements = endpoint({
  name: 'refreshEntitlements',
  method: 'POST',
  path: '/api/v2/licenses/refresh-entitlements',
  summary: 'Look at the licences again; every answer does, so that this is for clients that expect it',
  tag: 'Licences',
  permission: 'license:create',
  result: Entitlements,
})
