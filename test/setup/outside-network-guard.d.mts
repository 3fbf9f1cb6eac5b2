/** What was refused in this process so far, oldest first. */
export declare const violations: string[]
