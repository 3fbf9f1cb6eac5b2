#!/usr/bin/env bash
# Installs runtimes other than Node at exact versions (Bun, Deno, Cloudflare's workerd, Vercel's edge runtime) into a folder of their own
# (about 360 MB: too much for devDependencies). The tests find them through SPAREKEY_TEST_RUNTIMES.
#
#   scripts/install-runtimes.sh <folder>
#   SPAREKEY_TEST_RUNTIMES=<folder> npm run acceptance
set -euo pipefail

folder=${1:?usage: scripts/install-runtimes.sh <folder>}
mkdir -p "$folder"
cat >"$folder/package.json" <<'JSON'
{
  "private": true,
  "dependencies": {
    "@edge-runtime/vm": "5.0.0",
    "bun": "1.4.5",
    "deno": "2.9.6",
    "workerd": "1.20261117.1"
  },
  "allowScripts": { "bun": true, "deno": true, "workerd": true }
}
JSON
npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --loglevel=error

for runtime in bun deno workerd; do
  "$folder/node_modules/.bin/$runtime" --version
done
