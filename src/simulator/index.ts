export {
  type BenchExpected,
  FAILURE_KINDS,
  type FailureKind,
  type Recovery,
  type Rescuer,
} from './failure-kinds.ts'
export type { OAuthAccount, OAuthFault, OAuthPlace, OAuthScript, SeenOAuthRequest } from './oauth-script.ts'
export type { OAuthServer } from './oauth-server.ts'
export { refusedPort } from './refused-port.ts'
export type {
  CredentialScript,
  Dress,
  Moment,
  ProviderStyle,
  Scenario,
  SeenRequest,
  SimulatedError,
  SimulatedQuota,
  SimulatedToolCall,
  Step,
} from './scenario.ts'
export { SCENARIOS } from './scenarios.ts'
export { type Play, type Simulator, type SimulatorOptions, startSimulator } from './server.ts'
