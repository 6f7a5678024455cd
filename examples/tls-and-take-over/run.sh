#!/usr/bin/env bash
# Upgrades a Tollgate that serves by TLS while it is called, and renews its certificate.
source "$(dirname "$0")/../lib.sh"

certify pets.example
export TOLLGATE_GATEWAY_TLS=127.0.0.1:0
export TOLLGATE_TLS__CERTIFICATES="[{ chain = '$scratch/pets.example.crt', key = '$scratch/pets.example.key' }]"
start_tollgate
deploy
sell --quota limit=100000,period=MONTH

secure=https://pets.example/_aws/execute-api/$api/dev/pets
here=(--connect-to "pets.example:443:$(address gateway_tls)" --header "x-api-key: $key")
call "by TLS" "$secure" "${here[@]}" --cacert "$scratch/pets.example.crt"

# Calls one after the other, each on a connection of its own, until it is told to stop.
keep_calling() {
    until [ -e "$scratch/stop" ]; do
        curl --silent --output /dev/null --write-out '%{http_code}\n' "$secure" "${here[@]}" --insecure || true
    done
}
keep_calling >"$scratch/statuses" &
caller=$!
later touch "$scratch/stop"

old=$tollgate
start_tollgate --take-over
wait "$old" && echo "the old process ends with 0"
touch "$scratch/stop"
wait "$caller"
echo "calls meanwhile that were not answered 200: $(grep -cv '^200$' "$scratch/statuses" || true)"
[ -s "$scratch/statuses" ] # there were some

# A renewed certificate is taken on SIGHUP, or within ten seconds.
certify pets.example
kill -HUP "$tollgate"
until curl --silent --output /dev/null "$secure" "${here[@]}" --cacert "$scratch/pets.example.crt"; do :; done
call "by the renewed certificate" "$secure" "${here[@]}" --cacert "$scratch/pets.example.crt"
