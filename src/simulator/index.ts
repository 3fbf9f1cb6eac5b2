export {
  type BenchExpected,
  FAILURE_KINDS,
  type FailureKind,
  type Recovery,
  type Rescuer,
} from './failure-kinds.ts'
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
  Step,
} from './scenario.ts'
export { SCENARIOS } from './scenarios.ts'
export { type Play, type Simulator, type SimulatorOptions, startSimulator } from './server.ts'
