#!/usr/bin/env bash
# Sees to what the tests run beside Rust: a Python that can make virtual environments, Node.js with npm for functions,
# for the console and for the tools whose templates are deployed, Chromium to drive the console, PostgreSQL's server,
# Redis, curl and OpenSSL.
# Installs Debian's packages where something is missing and that is allowed.
set -euo pipefail

missing=()
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
test -x "${CHROMIUM:-/usr/bin/chromium}" || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
for tool in curl openssl; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done

if [ ${#missing[@]} = 0 ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}" >&2
    apt-get update -q && apt-get install -qy "${missing[@]}"
else
    echo "please install Python 3 with venv, Node.js 20 or newer with npm, Chromium, PostgreSQL 14 or newer, Redis 6.2 or newer, curl and OpenSSL (on Debian: ${missing[*]})" >&2
    exit 1
fi
