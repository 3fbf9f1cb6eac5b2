/** Why a column is not ours, where it is not. By hand: looked up in the traces of single situations. */
export const NOTES = ''
