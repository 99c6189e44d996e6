/**
 * The endpoints one by one, under one name. Whoever calls only some of them, as the console does, ships only the parts
 * of the contract that they are in; `endpoints` is one object and brings the whole of it.
 */
export * from './access-check.ts'
export * from './audit-sinks.ts'
export * from './audit.ts'
export * from './bridge.ts'
export * from './content.ts'
export * from './deployment.ts'
export * from './device-login.ts'
export * from './external-auth.ts'
export * from './groups.ts'
export * from './inbox.ts'
export * from './keyring.ts'
export * from './legal-holds.ts'
export * from './notifications.ts'
export * from './organizations.ts'
export * from './password.ts'
export * from './roles.ts'
export * from './sign-in.ts'
export * from './tokens.ts'
export * from './user-sessions.ts'
export * from './users.ts'
