import type { KeychainModule } from '../../src/stores/keychain.ts'

/** A keychain in memory. @param entries what it holds, by user */
export function fakeKeychain(entries = new Map<string, string>()) {
  const options: unknown[] = []
  class Entry {
    readonly #user: string
    constructor(_service: string, user: string, given: unknown) {
      this.#user = user
      options.push(given)
    }
    getPassword(): string | null {
      return entries.get(this.#user) ?? null
    }
    setPassword(password: string): void {
      entries.set(this.#user, password)
    }
    deletePassword(): boolean {
      return entries.delete(this.#user)
    }
  }
  const module: KeychainModule = { Entry }
  return { entries, options, loadKeychainModule: () => Promise.resolve(module) }
}

/** A machine without a desktop: every question fails, as the real package does there. */
export function deadKeychain(): () => Promise<KeychainModule> {
  const refuse = (): never => {
    throw new Error("Couldn't access platform storage: AccessDenied")
  }
  class Entry {
    getPassword = refuse
    setPassword = refuse
    deletePassword = refuse
  }
  return () => Promise.resolve({ Entry })
}
