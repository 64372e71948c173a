#!/usr/bin/env bash
# Copies what the pages use of npm, as the lock file pins it, into web/static/vendor.
# With an argument into that directory instead: `make vendored` compares the two.
set -euo pipefail
cd "$(dirname "$0")/../web"
out=${1:-static/vendor}
modules=node_modules

version() { node -p "require('./$modules/$1/package.json').version"; }

mkdir -p "$out/mediabunny" "$out/tus-js-client" "$out/socket.io-client"
cp "$modules/mediabunny/dist/bundles/mediabunny.min.mjs" "$out/mediabunny/mediabunny.js"
cp "$modules/mediabunny/LICENSE" "$out/mediabunny/LICENSE.txt"

# tus-js-client's modules import others by bare names: one file of all of them.
npx --no-install esbuild "$modules/tus-js-client/lib.esm/browser/index.js" \
  --bundle --format=esm --target=es2022 --legal-comments=inline --log-level=warning --outfile="$out/tus-js-client/tus.js"
{
  for name in tus-js-client js-base64 url-parse querystringify requires-port; do
    file=$(ls "$modules/$name"/LICENSE* | head -n 1)
    printf '%s %s\n\n' "$name" "$(version "$name")"
    cat "$file"
    printf '\n'
  done
} >"$out/tus-js-client/LICENSE.txt"

cp "$modules"/socket.io-client/dist/socket.io{,.esm}.min.js "$out/socket.io-client/"
for name in socket.io-client engine.io-client engine.io-parser socket.io-parser @socket.io/component-emitter; do
  printf '%s %s\n\n' "$name" "$(version "$name")"
  cat "$modules/$name"/LICENSE*
  printf '\n'
done >"$out/socket.io-client/LICENSE.txt"

cat >"$out/README.txt" <<TEXT
Libraries from npm, as they are, pinned by web/package-lock.json. Made by \`make vendor\`; \`make check\` compares.

mediabunny/mediabunny.js    mediabunny $(version mediabunny), dist/bundles/mediabunny.min.mjs, MPL-2.0.
                            Its source: https://github.com/Vanilagy/mediabunny and the npm package.
tus-js-client/tus.js        tus-js-client $(version tus-js-client), lib.esm/browser with what it imports
                            (js-base64, url-parse, querystringify, requires-port) in one file, MIT.
socket.io-client/*.js       socket.io-client $(version socket.io-client), dist/, with what it is bundled with (engine.io-client, the
                            parsers, component-emitter), MIT. For others' pages, at /socket.io/socket.io.js.
TEXT
