import { createMasker } from './masker.ts'

/** For tests: one secret of each form, made up, and what is no secret though it looks like one. */

const base64 = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'

export const secretsOfEachForm: Readonly<Record<string, string>> = {
  reeve: 'rv_3fJ9aQx0Lm_8kWz1TfR5cVb0YhN6mJu4GtQ2sXe7DpA_Zk31Qa',
  anthropic: `sk-ant-api03-${'aB3_x-'.repeat(14)}AA`,
  openai: `sk-proj-${'Zy9'.repeat(16)}`,
  google: `AIza${'SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY'}`,
  aws: 'AKIAQ3EGZVYXNT7LWK2P',
  github: `ghp_${'a1B2c3D4e5F6'.repeat(3)}`,
  github_fine: `github_pat_11ABCDEFG0${'xY9_'.repeat(15)}`,
  gitlab: 'glpat-Zx8cV7bN6mQ1wE2rT3yU',
  slack: 'xoxb-2048576102-4096152204-AbCdEfGhIjKlMnOpQrStUvWx',
  stripe: `sk_live_${'51Hb7c'.repeat(5)}`,
  jwt: `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'dozjgNryP4J3jVmN'.repeat(2)}`,
  pem: `-----BEGIN PRIVATE KEY-----\\n${`${base64}\\n`.repeat(6)}-----END PRIVATE KEY-----`,
  numbered: `-----BEGIN RSA PRIVATE KEY-----\\n     2\\t${base64}\\n     3\\t${base64}\\n-----END RSA PRIVATE KEY-----`,
}

export const noSecretsAtAll: readonly string[] = [
  'task-0123456789abcdef0123456789',
  'risk-and-disk-space',
  'sk-short',
  'https://example.com:8443/a/b?c=user@example.com',
  'postgres://localhost/db',
  'AKIAlowercaseisnokey',
  'eyJ is how they begin',
  '-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----',
  'the header reads -----BEGIN PRIVATE KEY----- and nothing follows',
  'rv_ is our prefix',
]

export const testMasker = createMasker(Buffer.alloc(32, 7))
