#!/usr/bin/env bash
# Installs the real clients that the acceptance tests drive, at exact versions, into a folder of their own
# (about 640 MB: far too much for devDependencies). The tests find them through SPAREKEY_TEST_CLIENTS.
#
#   scripts/install-clients.sh <folder>
#   SPAREKEY_TEST_CLIENTS=<folder> npm run acceptance
set -euo pipefail

folder=${1:?usage: scripts/install-clients.sh <folder>}
mkdir -p "$folder"
# Newer npm runs install scripts only when told so; claude-code copies its program into place by one.
cat >"$folder/package.json" <<'JSON'
{
  "private": true,
  "dependencies": { "@openai/codex": "0.169.0", "@anthropic-ai/claude-code": "2.1.197" },
  "allowScripts": { "@anthropic-ai/claude-code": true }
}
JSON
npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --loglevel=error

for client in codex claude; do
  "$folder/node_modules/.bin/$client" --version </dev/null
done
