export type * from './audit/event.ts'
