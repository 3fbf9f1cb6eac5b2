/** Why a column is not ours, where it is not. By hand: looked up in the traces of single situations. */
export const NOTES = [
  '### Where ours is not the best',
  '',
  '* **avoided**: a policy that remembers nothing, or for 5 s only, avoids nobody; it pays with about twenty refused calls for each exhaustion. Ours avoids its accounts for 20 to 32',
  '  minutes in 90 days: between an early return and the next question to the usage endpoint, which is asked every 15 minutes.',
  '* **caches lost**: a policy that never uses its other accounts moves less, and sends half of all calls to the metered route.',
  '* **metered while free**: the stateless policy asks every account at every call, and is refused twenty times for it. Ours asks no account that is known to be empty: what is left are',
  '  accounts that came back early, in the minutes before the next question, and sessions that fell back: they stay there for a minute, longer when they fall again, so that they do not go to and fro.',
  '* **delay p99**: a call that finds the only trial due asks the usage endpoint first, 0.3 s more than a policy that gives up on the account.',
].join('\n')
