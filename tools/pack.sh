#!/usr/bin/env bash
# Packs the browser library as an npm package: the files that the server
# serves, their types, and a README. Usage: tools/pack.sh [DIRECTORY [VERSION]]
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "${1:-bin}"
out=$(cd "${1:-bin}" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

cp web/package/README.md web/package/package.json "$stage"
(cd web/static && find . -name app -prune -o \( -name '*.js' -o -name 'LICEN[CS]E*' \) -print0 | xargs -0 cp --parents -t "$stage")
(cd web && npx --no-install tsc -p tsconfig.package.json --outDir "$stage")
cd "$stage"
node -e '
  const fs = require("node:fs")
  const it = JSON.parse(fs.readFileSync("package.json"))
  for (const [name, { default: file }] of Object.entries(it.exports)) if (file && !fs.existsSync(file)) delete it.exports[name]
  if (process.argv[1]) it.version = process.argv[1]
  fs.writeFileSync("package.json", JSON.stringify(it, null, 2) + "\n")
' "${2:-}"
npm pack --silent --pack-destination "$out"
