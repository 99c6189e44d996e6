export { type Bridge, type BridgeOptions, createBridge } from './bridge.ts'
export type { BridgeEvent, Exchange } from './exchange.ts'
export { defaultLimits, type Limits } from './limits.ts'
export { maskAnswer } from './masking/mask-answer.ts'
export { applyMasks, createMasker, type Find, type Masker } from './masking/masker.ts'
export { anthropicProvider } from './providers/anthropic.ts'
export type { Provider, ProviderRoute } from './providers/provider.ts'
export type {
  Actor,
  ClientFacts,
  EndFacts,
  RecordedBody,
  RecordedOutcome,
  Recorder,
  Recording,
  RouteKind,
  StartFacts,
} from './recorder.ts'
export { writeAnswer } from './refuse.ts'
export { startScriptedProvider } from './scripted/scripted-provider.ts'
export { errorAnswer } from './wire/anthropic-messages/errors.ts'
export { readRequest } from './wire/anthropic-messages/read-request.ts'
export {
  finish as finishStream,
  initial as initialStream,
  step as stepStream,
  type StreamState,
} from './wire/anthropic-messages/stream.ts'
export { readWhole } from './wire/anthropic-messages/whole.ts'
export type { Observation, RequestReading, ResponseReading, Usage } from './wire/observation.ts'
export { eventBytesMax, sseSplitter, type WireEvent } from './wire/sse.ts'
export type { Refusal, RefusalReason, WireAnswer } from './wire/wire-format.ts'
