export { createSparekey, SparekeyConfigError, type Sparekey, type SparekeyOptions } from './create-sparekey.ts'
export { classify } from './failure/classify.ts'
export type { Evidence, Failure } from './failure/evidence.ts'
export { FAILURE_LABELS, type FailureLabel } from './failure/labels.ts'
export type { SparekeyFetch } from './fetch/fetch.ts'
export { type Gateway, GatewayStartError } from './gateway/options.ts'
export {
  type Compress,
  type CompressionLimit,
  type StandardCompression,
  standardCompression,
  type Summarise,
} from './relay/compress.ts'
export type { AttemptRecord, TelemetryEvent } from './telemetry/events.ts'
