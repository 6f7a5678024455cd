#!/usr/bin/env bash
# Sees to a Python that can make virtual environments: installs Debian's where it is missing and that is allowed.
set -euo pipefail
if python3 -c 'import venv, ensurepip' 2>/dev/null; then
    exit 0
fi
echo "Python 3 with venv is missing; trying to install it" >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q && apt-get install -qy python3 python3-venv
else
    echo "please install Python 3 with venv (on Debian: python3 and python3-venv)" >&2
    exit 1
fi
