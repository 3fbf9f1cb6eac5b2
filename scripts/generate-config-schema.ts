import { mkdirSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { configSchema } from '../src/config/schema.ts'

/** Writes `schema/config.schema.json`, which editors use to check and complete `config.yaml`. */
const folder = new URL('../schema/', import.meta.url)
mkdirSync(folder, { recursive: true })
const schema = {
  title: 'sparekey config.yaml',
  ...z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }),
}
writeFileSync(new URL('config.schema.json', folder), `${JSON.stringify(schema, null, 2)}\n`)
