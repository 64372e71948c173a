#!/usr/bin/env bash
# Prints what the library weighs, minified and compressed: /downbeat.js and all that it imports, its
# worker included, and the parts that work without it. Fails above the limits.
set -euo pipefail
cd "$(dirname "$0")/../web"
status=0

# weigh NAME LIMIT MODULE: of a bundle of what a module's text imports.
weigh() {
  local bytes
  bytes=$(node_modules/.bin/esbuild --bundle --minify --format=esm --target=es2022 --log-level=error <<<"$3" | gzip -9 | wc -c)
  echo "$1: $bytes bytes minified and compressed, of $2"
  [ "$bytes" -le "$2" ] || status=1
}

weigh 'downbeat.js with its worker' 14848 $'export * from "./static/downbeat.js"\nimport "./static/lib/downbeat-worker.js"'
weigh clock.js 2048 'export * from "./static/clock.js"'
exit $status
