#!/usr/bin/env bash
# Runs a PostgreSQL server for tests: its own data in a temporary folder, reached by a Unix socket in there, as the user
# `tollgate` without a password. Says `ready FOLDER` once it serves. Then it takes lines: `restart` (as an operator
# would), `crash` (without a word, and up again), `down`, `up`, `pause`, `resume`; each is answered by `done`. It ends,
# and leaves nothing, when there is nothing more to read, also because whoever started it was killed.
set -euo pipefail

if [ "${1-}" != serve ]; then
    folder=$(mktemp -d "${TMPDIR:-/tmp}/pg.XXXXXX")
    trap 'rm -rf "$folder"' EXIT
    if [ "$(id -u)" = 0 ]; then
        # PostgreSQL refuses to run as root.
        user=$(id -un postgres 2>/dev/null || echo nobody)
        cp "$0" "$folder/serve.sh"
        chown -R "$user" "$folder"
        setpriv --reuid="$user" --regid="$(id -gn "$user")" --clear-groups -- "$BASH" "$folder/serve.sh" serve "$folder"
    else
        "$BASH" "$0" serve "$folder"
    fi
    exit
fi

folder=$2
cd "$folder"
PATH=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1):$PATH
export PATH LC_ALL=C.UTF-8
initdb --auth=trust --username=tollgate --encoding=UTF8 --no-sync -D data >log 2>&1 || { cat log >&2; exit 1; }
cat >>data/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 300
fsync = off
shared_buffers = 64MB
log_min_messages = warning
${TOLLGATE_TEST_POSTGRES_CONF-}
END
server() { pg_ctl -D data -l server.log -w "$@" >>log 2>&1 </dev/null || { tail -5 server.log >&2; false; }; }
signal() { kill "-$1" $(head -1 data/postmaster.pid) $(pgrep -P "$(head -1 data/postmaster.pid)"); }
trap 'signal CONT 2>/dev/null; server stop -m immediate || true' EXIT
server start
echo "ready $folder"
while read -r line; do
    case $line in
    restart) server restart -m fast ;;
    crash) server stop -m immediate && server start ;;
    down) server stop -m fast ;;
    up) server start ;;
    pause) signal STOP ;;
    resume) signal CONT ;;
    esac
    echo "done"
done
