import { expect, it } from 'vitest'
import { LIBRARY_SNIPPETS, needsFramework, tryLibrarySnippet } from './support/library-snippets.ts'

it('the page has its examples', () => expect(LIBRARY_SNIPPETS.length).toBeGreaterThanOrEqual(10))

it.each(LIBRARY_SNIPPETS.filter(([, text]) => !needsFramework(text)))(
  '%s: runs as it stands, past an empty account',
  (_about, text) => tryLibrarySnippet(text),
  60_000,
)
