/** One step of the schema. Never edited once released: a new step is a new file. */
export interface Migration {
  /** Becomes `user_version`; counted from 1 without gaps. */
  readonly version: number
  readonly name: string
  readonly sql: string
}
