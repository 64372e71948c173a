#!/usr/bin/env bash
# Installs what the tests need on a Debian machine: Chromium, certutil, openssl, ffmpeg, mpv, liblo-tools and a C compiler
# from Debian's packages and the type checker from the lock file. Does nothing when it is there.
# chronyd, nginx and Caddy are unpacked below bin/, never installed: Debian's packages would start
# them, and chrony's would take the place of this machine's time daemon and set its clock.
set -euo pipefail
cd "$(dirname "$0")/.."

need() { command -v "$1" >/dev/null 2>&1; }

packages=()
need chromium || need google-chrome || packages+=(chromium)
need certutil || packages+=(libnss3-tools)
need openssl || packages+=(openssl)
need ffmpeg && need ffprobe || packages+=(ffmpeg)
need mpv || packages+=(mpv)
need oscdump && need oscsend || packages+=(liblo-tools)
need node && need npm || packages+=(nodejs npm)
need cc || packages+=(gcc libc6-dev)
chronyd=""
if ! need chronyd && [ ! -x /usr/sbin/chronyd ] && [ ! -x bin/chrony/usr/sbin/chronyd ]; then
  chronyd=missing
  packages+=(libcap2 libgnutls30 libnettle8 libseccomp2)
fi
if [ ${#packages[@]} -gt 0 ]; then
  as=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! need sudo || ! sudo -n true 2>/dev/null; then
      echo "setup: the tests need: apt-get install ${packages[*]} (run it as root)" >&2
      exit 1
    fi
    as="sudo"
  fi
  need apt-get || { echo "setup: install ${packages[*]} by hand: this is no Debian machine" >&2; exit 1; }
  $as apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
if [ -n "$chronyd" ]; then
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  chmod 755 "$unpacked"
  (cd "$unpacked" && apt-get download -qq chrony >/dev/null 2>&1)
  mkdir -p bin/chrony
  dpkg-deb -x "$unpacked"/chrony_*.deb bin/chrony
fi
for proxy in nginx caddy; do
  if ! need $proxy && [ ! -x /usr/sbin/$proxy ] && [ ! -d bin/$proxy ] && need apt-get; then
    unpacked=$(mktemp -d)
    chmod 755 "$unpacked"
    if (cd "$unpacked" && apt-get download -qq $proxy >/dev/null 2>&1); then
      mkdir -p bin/$proxy
      dpkg-deb -x "$unpacked"/${proxy}_*.deb bin/$proxy
    fi
    rm -rf "$unpacked"
  fi
done
if [ web/package-lock.json -nt web/node_modules/.package-lock.json ]; then
  (cd web && npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json)
fi
