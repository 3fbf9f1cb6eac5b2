/** The page on which a browser ends after a login. Nothing on it comes from the address, or a link could put words into our mouth. */
export function callbackPage(outcome: 'received' | 'refused' | 'stranger' | 'other'): { status: number; html: string } {
  const { status, title, text } = PAGES[outcome]
  return {
    status,
    html: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>sparekey: ${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}code{font-size:.95em}</style>
</head><body><h1>${title}</h1><p>${text}</p></body></html>
`,
  }
}

const PAGES = {
  received: {
    status: 200,
    title: 'Approved',
    text: 'Go back to the terminal: it finishes the login and says how it ended. You can close this page.',
  },
  refused: {
    status: 200,
    title: 'Not signed in',
    text: 'Access was not granted. Go back to the terminal: it says why and what to do next. You can close this page.',
  },
  stranger: {
    status: 400,
    title: 'Not the login that was started here',
    text: 'This page belongs to another login, perhaps an older tab. Open the link that the terminal shows now.',
  },
  other: {
    status: 404,
    title: 'Nothing here',
    text: 'sparekey waits for a login on this address and serves nothing else.',
  },
} as const
