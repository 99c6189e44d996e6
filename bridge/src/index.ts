export { type Bridge, type BridgeOptions, createBridge } from './bridge.ts'
export { type BodyPatch, patchBody } from './edits.ts'
export { type ActorHeaders, type BridgeEvent, type Exchange, noActorHeaders, type Upgrade } from './exchange.ts'
export { defaultLimits, type Limits } from './limits.ts'
export { maskAnswer } from './masking/mask-answer.ts'
export { applyMasks, createMasker, type Find, type Masker } from './masking/masker.ts'
export { findOwnCredential, type OwnCredential } from './own-credential.ts'
export { anthropicProvider } from './providers/anthropic.ts'
export { azureProvider } from './providers/azure.ts'
export { builtIn as bedrockCapabilities } from './providers/bedrock-messages/default-capabilities.ts'
export { defaultModels as bedrockModels } from './providers/bedrock-messages/default-models.ts'
export { bedrockProvider, regionIn } from './providers/bedrock.ts'
export { copilotProvider } from './providers/copilot.ts'
export { serviceAccountKey } from './providers/google-account.ts'
export { builtIn as vertexCapabilities } from './providers/vertex-messages/default-capabilities.ts'
export { defaultModels as vertexModels } from './providers/vertex-messages/default-models.ts'
export { vertexProvider } from './providers/vertex.ts'
export { geminiProvider } from './providers/gemini.ts'
export { openaiProvider } from './providers/openai.ts'
export type { KeyStanding, ProviderKey } from './pool/pool.ts'
export {
  type Denial,
  everythingAllowed,
  type Policy,
  type PolicyAbout,
  type ProposedCall,
  type ToolGate,
} from './policy.ts'
export type { ProviderStanding } from './provider-standing.ts'
export {
  type Connect,
  credentialFor,
  oneKey,
  type Post,
  type Provider,
  type ProviderOptions,
  type ProviderRoute,
  type ProviderSettings,
} from './providers/provider.ts'
export type {
  Actor,
  BoundaryCall,
  Attempt,
  ClientFacts,
  CredentialKind,
  Decision,
  EndFacts,
  RecordedBody,
  RecordedOutcome,
  Recorder,
  Recording,
  RouteKind,
  SentFacts,
  StartFacts,
} from './recorder.ts'
export { credentialKinds, routeKinds } from './recorder.ts'
export { writeAnswer } from './refuse.ts'
export type { StoredObjects, StoredUse } from './stored/stored-objects.ts'
export { startScriptedProvider } from './scripted/scripted-provider.ts'
export { noTracer, type Tracer } from './tracer.ts'
export { noUsage, type Observation, type RequestReading, type ResponseReading, type Usage } from './wire/observation.ts'
export { readerOf, turnRoutes } from './wire/readers.ts'
export { eventBytesMax, sseSplitter, type WireEvent } from './wire/sse.ts'
export type { Refusal, RefusalReason, WireAnswer, WireFormat } from './wire/wire-format.ts'
export type { StreamReading, WireReader } from './wire/wire-reader.ts'
