#!/usr/bin/env bash
# Installs what `npm run bench` compares with, at exact versions, into a folder of its own. Newer hono releases break this version of the peer:
# hence the overrides. nginx comes from the distribution (apt-get install nginx).
#
#   scripts/install-bench-peers.sh <folder>
#   SPAREKEY_BENCH_PEERS=<folder> npm run bench
set -euo pipefail

folder=${1:?usage: scripts/install-bench-peers.sh <folder>}
mkdir -p "$folder"
cat >"$folder/package.json" <<'JSON'
{
  "private": true,
  "dependencies": { "@portkey-ai/gateway": "1.15.2" },
  "overrides": { "hono": "4.9.7", "@hono/node-server": "1.13.5" }
}
JSON
npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --loglevel=error
