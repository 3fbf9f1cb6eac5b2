export type { AiSdkLanguageModel, LanguageModelTerms } from './ai-sdk/language-model.ts'
export type { Config, ConfigProblem } from './config/config.ts'
export { SparekeyConfigError } from './config/config-error.ts'
export { createSparekey, type Sparekey } from './create-sparekey.ts'
export { classify } from './failure/classify.ts'
export type { ApiName, Channel, ErrorEvidence, Evidence, Failure, HeaderRecord } from './failure/evidence.ts'
export { type Blame, FAILURE_LABELS, type FailureLabel } from './failure/labels.ts'
export type { Rule } from './failure/rule.ts'
export { type ErrorAttempt, SparekeyError, type SparekeyErrorFacts } from './failure/sparekey-error.ts'
export type { GivenUpTerms, SparekeyFetch } from './fetch/fetch.ts'
export { type Gateway, GatewayStartError } from './gateway/options.ts'
export { StoreError, type StoreErrorCode } from './pool/store-contract.ts'
export { rulesOf } from './providers/_rules.ts'
export type { SparekeyOptions } from './runtime/open-runtime.ts'
export {
  type Compress,
  type CompressionLimit,
  type StandardCompression,
  standardCompression,
  type Summarise,
} from './relay/compress.ts'
export type { AttemptRecord, TelemetryEvent } from './telemetry/events.ts'
export { sparekeyErrorOf } from './wire/thrown-error.ts'
