#!/usr/bin/env bash
# Prints what the library weighs: /downbeat.js and all that it imports, its
# worker included, minified and compressed. Fails above the limit.
set -euo pipefail
cd "$(dirname "$0")/../web"
limit=14336
bytes=$(printf 'export * from "./static/downbeat.js"\nimport "./static/lib/downbeat-worker.js"\n' |
  node_modules/.bin/esbuild --bundle --minify --format=esm --target=es2022 --log-level=error | gzip -9 | wc -c)
echo "downbeat.js with its worker: $bytes bytes minified and compressed, of $limit"
[ "$bytes" -le "$limit" ]
