#!/usr/bin/env bash
# Installs the frameworks whose examples docs/library.md shows, at exact versions, into a folder of their own
# (about 200 MB: too much for devDependencies). The tests find them through SPAREKEY_TEST_FRAMEWORKS.
#
#   scripts/install-frameworks.sh <folder>
#   SPAREKEY_TEST_FRAMEWORKS=<folder> npm run acceptance
set -euo pipefail

folder=${1:?usage: scripts/install-frameworks.sh <folder>}
mkdir -p "$folder"
# Mastra names Node 22 and runs on 20 as far as the examples go: npm only warns.
cat >"$folder/package.json" <<'JSON'
{
  "private": true,
  "dependencies": {
    "@langchain/anthropic": "1.5.11",
    "@langchain/core": "1.4.0",
    "@langchain/openai": "1.5.8",
    "@mastra/core": "1.71.0"
  }
}
JSON
npm install --prefix "$folder" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
