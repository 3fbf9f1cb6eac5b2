export { clientKey } from './client-keys.ts'
export {
  type ClientKey,
  DEFAULT_GATEWAY_LIMITS,
  type Gateway,
  type GatewayHouse,
  type GatewayLimits,
  type GatewayOptions,
  GatewayStartError,
} from './options.ts'
export { startGateway } from './server.ts'
