/** Why a column is not ours, where it is not. By hand: looked up in the traces of single situations. */
export const NOTES = [
  '### Where ours is not the best',
  '',
  '* **refused per exhaustion**, **hammered**: ours asks again before an announced reset (after 15 minutes, then at doubled distances up to 6 hours), because announced resets',
  '  are wrong and limits are reset early. Where no usage endpoint is asked, each such question is one model call that is refused. Policies that believe the reset, or',
  '  wait an hour, ask less often and pay in the columns *avoided* and *metered while free*.',
  '* **avoided**: a policy that remembers nothing, or for 5 s only, avoids nobody; it pays with about twenty refused calls for each exhaustion.',
  '* **caches lost**: a policy that never uses its other accounts moves less, and sends half of all calls to the metered route.',
  '* **metered while free**: found by tracing: when the last ready account of a call is refused, the relay goes to the next route although the trial of another,',
  '  benched account is due and would be answered. Only a call that finds nobody ready at its beginning gets that trial.',
].join('\n')
