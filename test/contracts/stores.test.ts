import { openStore } from '../../src/stores/open-store.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { storeContract } from './store.contract.ts'

storeContract('memory', async () => ({ open: () => openStore({ kind: 'memory' }, manualPlatform()) }))

storeContract('sqlite', async () => {
  const options = { kind: 'sqlite', homeDirectory: temporaryHome() } as const
  return { open: () => openStore(options, manualPlatform()), openAgain: () => openStore(options, manualPlatform()) }
})
