import fc from 'fast-check'

// Everywhere else each run tries other values. Where a change waits for a verdict it gets the same one twice: what a new value finds is no fault of that change.
if (process.env['CI'] !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_125 })
