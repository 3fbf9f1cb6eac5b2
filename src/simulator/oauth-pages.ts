import { type OAuthReply, pageReply } from './oauth-reply.ts'
import type { OAuthAccount } from './oauth-script.ts'

const TITLE = 'Sign in to the simulated provider'

/** Where a person types the code that a device shows. */
export function deviceForm(userCode: string, accounts: readonly OAuthAccount[]): OAuthReply {
  return pageReply(
    200,
    TITLE,
    `<form method="post"><p><label>Code <input name="user_code" value="${escaped(userCode)}" autofocus></label></p>${choice(accounts)}<button name="answer" value="yes">Approve</button> <button name="answer" value="no">Deny</button></form>`,
  )
}

/** Where a browser is asked before it goes back to the program. */
export function consentForm(query: URLSearchParams, accounts: readonly OAuthAccount[]): OAuthReply {
  const hidden = [...query]
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('')
  return pageReply(
    200,
    TITLE,
    `<form>${hidden}${choice(accounts)}<button>Approve</button> <button name="answer" value="no">Deny</button></form>`,
  )
}

function choice(accounts: readonly OAuthAccount[]): string {
  const options = accounts.map(({ email }) => `<option>${escaped(email)}</option>`).join('')
  return `<p><label>Account <select name="account">${options}</select></label></p>`
}

/** What a person or a client sent must not become markup. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
