import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'

/** A service account, and the file that Google makes of its key. */
export function testServiceAccount(email = 'reeve@corp.iam.gserviceaccount.test') {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicKey = createPublicKey(privateKey)
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const file = JSON.stringify(
    { type: 'service_account', project_id: 'corp', private_key_id: 'a1b2c3', private_key, client_email: email },
    null,
    2,
  )
  return {
    file,
    email,
    /** What an assertion says, when it is signed by this account; null when it is not. */
    claimsOf(assertion: string): Readonly<Record<string, unknown>> | null {
      const [head = '', claims = '', signature = ''] = assertion.split('.')
      const isSigned = verify(
        'RSA-SHA256',
        Buffer.from(`${head}.${claims}`),
        publicKey,
        Buffer.from(signature, 'base64url'),
      )
      return isSigned ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : null
    },
  }
}
