export { type Clock, manualClock, systemClock } from './clock.ts'
export { formatDuration, parseDuration } from './duration.ts'
export { endAnswer } from './end-answer.ts'
export { Fault, type FaultCode, type FaultOptions, type Problem, toError } from './fault.ts'
export { findSecrets, type FoundSecret, replaceSecrets } from './find-secrets.ts'
export { isUuid, type Uuid, uuidv7, uuidv7Floor, uuidv7Time } from './ids.ts'
export { type Log, type LogLine, recordingLog, silentLog } from './log.ts'
export { plainText } from './plain-text.ts'
export { asDuplex, type DuplexOptions, offeredDuplex } from './streams/as-duplex.ts'
export {
  multiplex,
  type Multiplex,
  type MultiplexOptions,
  type MuxStream,
  type OfferedStream,
  streamsMax,
  type StreamHandlers,
  windowBytes,
} from './streams/multiplex.ts'
export { type MessageSocket, multiplexOver } from './streams/over-socket.ts'
export { Secret } from './secret.ts'
export { pemCharsMax, secretRulesVersion } from './secret-rules.ts'
export { type SseEvent, sseParser } from './sse.ts'
export {
  attemptSpanId,
  readTraceParent,
  readTraceState,
  type TraceContext,
  traceHeaders,
  type TraceParent,
} from './trace-context.ts'
