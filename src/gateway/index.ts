export { clientKey } from './client-keys.ts'
export {
  type ClientKey,
  type ClosingOptions,
  DEFAULT_GATEWAY_LIMITS,
  type Gateway,
  type GatewayHouse,
  type GatewayLimits,
  type GatewayOptions,
  GatewayStartError,
  type LoadLimits,
} from './options.ts'
export { startGateway } from './server.ts'
