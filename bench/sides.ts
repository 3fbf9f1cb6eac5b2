import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LoadJob } from './load-job.ts'

/** One system under test, or none of them. */
export interface Side {
  readonly name: 'direct' | 'nginx' | 'portkey' | 'sparekey'
  readonly version: string
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  /** Whose CPU time and memory count. */
  readonly pid: number | undefined
}

const PROGRAM = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Debian's nginx as a plain reverse proxy with one worker. @returns undefined when it is not installed */
export async function startNginx(
  folder: string,
  upstreamPort: number,
  children: ChildProcess[],
): Promise<Side | undefined> {
  const program = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path))
  if (program === undefined) return undefined
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  writeFileSync(
    config,
    `worker_processes 1; daemon off; pid ${join(folder, 'nginx.pid')}; error_log ${join(folder, 'nginx.log')};
events { worker_connections 25000; }
http { access_log off; ${temporary.join(' ')}
upstream up { server 127.0.0.1:${upstreamPort}; keepalive 512; }
server { listen 127.0.0.1:${port}; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 100000000;
location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; } } }
`,
  )
  const child = spawn(program, ['-c', config], { stdio: 'ignore' })
  children.push(child)
  await answering(port)
  const master = child.pid ?? 0
  const worker = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ')[0]
  const told = execFileSync('/bin/sh', ['-c', `${program} -v 2>&1`]).toString()
  return { name: 'nginx', version: /[\d.]+/.exec(told)?.[0] ?? '', port, headers: {}, pid: Number(worker) }
}

/** @param peers folder of scripts/install-bench-peers.sh. @returns undefined when it is not there */
export async function startPortkey(
  peers: string | undefined,
  upstreamPort: number,
  children: ChildProcess[],
): Promise<Side | undefined> {
  const home = join(peers ?? '', 'node_modules/@portkey-ai/gateway')
  if (peers === undefined || !existsSync(home)) return undefined
  const port = await freePort()
  const child = spawn(process.execPath, [join(home, 'build/start-server.js'), `--port=${port}`], { stdio: 'ignore' })
  children.push(child)
  await answering(port)
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1` }
  return { name: 'portkey', version, port, headers, pid: child.pid }
}

/**
 * The built gateway as `sparekey serve` runs it: SQLite, its log, and models whose first provider fails.
 * @param workers 0 = one process that stands alone; else `pid` is their parent
 */
export async function startOurs(
  folder: string,
  upstreamPort: number,
  children: ChildProcess[],
  workers = 0,
): Promise<Side> {
  if (!existsSync(PROGRAM)) throw new Error('run "npm run build" first: the bench measures what is built')
  const home = join(folder, 'home')
  mkdirSync(home)
  const at = `http://127.0.0.1:${upstreamPort}`
  const failing = [10, 50, 100].map(
    (percent) => `  fails-${percent}: { type: openai, baseUrl: "${at}/fails/${percent}/v1" }`,
  )
  const chains = [10, 50, 100].map((percent) => `  gpt-fails-${percent}: [fails-${percent}/gpt-5.5, second/gpt-5.5]`)
  writeFileSync(
    join(home, 'config.yaml'),
    `providers:\n  openai: { baseUrl: "${at}/v1" }\n  second: { type: openai, baseUrl: "${at}/second/v1" }\n${failing.join('\n')}\nmodels:\n  gpt-5.5: [openai/gpt-5.5]\n${chains.join('\n')}\n`,
  )
  const env = { ...process.env, SPAREKEY_HOME: home }
  for (const provider of ['openai', 'second', 'fails-10', 'fails-50', 'fails-100'])
    execFileSync(process.execPath, [PROGRAM, 'auth', 'add', provider, '--api-key-stdin'], {
      input: `tok-bench-${provider}`,
      env,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  const words = workers === 0 ? [] : ['--workers', String(workers)]
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '--json', ...words], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = /"port": (\d+)/.exec(line)?.[1]
      if (told !== undefined) resolve(Number(told))
    })
    child.on('close', () => reject(new Error('the gateway ended')))
  })
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return { name: 'sparekey', version, port, headers: {}, pid: child.pid }
}

/** Waits until somebody listens. */
async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const there = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (there) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('a peer does not answer')
}

/** 2 KB calls to a side, one at a time and without an end unless `more` says otherwise. */
export function jobAt({ port, headers }: Side, more: Partial<LoadJob> & Pick<LoadJob, 'mostMs'>): LoadJob {
  return {
    kind: 'calls',
    port,
    path: '/v1/chat/completions',
    headers,
    stream: false,
    bodyBytes: 2_000,
    concurrency: 1,
    calls: Number.MAX_SAFE_INTEGER,
    ...more,
  }
}
