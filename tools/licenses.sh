#!/usr/bin/env bash
# Prints Downbeat's licence and those of all that is linked into or embedded in the
# program: the Go distribution, modules (of every platform that it is built for), and
# the vendored browser libraries. A text that several share is printed once.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

all=$(mktemp -d)
trap 'rm -rf "$all"' EXIT

# put NAME FILE…: the texts of NAME, filed under their hash.
put() {
  local name=$1 hash
  shift
  hash=$(sed -e 's/[[:space:]]*$//' "$@" | tee "$all/text" | sha256sum | cut -c1-16)
  cp "$all/text" "$all/$hash.text"
  echo "$name" >>"$all/$hash.names"
}

put "The Go standard library and runtime" "$(go env GOROOT)/LICENSE"
for os in linux darwin windows; do
  GOOS=$os CGO_ENABLED=0 go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/downbeat
done | sort -u | while read -r path version dir; do
  mapfile -t files < <(find "$dir" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | sort)
  [ ${#files[@]} -gt 0 ] || { echo "licenses: $path has no licence file" >&2; exit 1; }
  put "$path $version" "${files[@]}"
done
for file in web/static/vendor/*/LICENSE.txt; do
  put "$(basename "$(dirname "$file")"), in the pages" "$file"
done

cat LICENSE
printf '\n%s\n' "The program contains software by others, under the licences below."
for names in $(grep -H . "$all"/*.names | sort -t: -k2 | cut -d: -f1 | awk '!seen[$0]++'); do
  printf '\n%s\n' "--------------------------------------------------------------------------------"
  sort "$names"
  printf '\n'
  cat "${names%.names}.text"
done
