#!/usr/bin/env bash
# Meters tenants who never see their key: the authorizer names it.
source "$(dirname "$0")/../lib.sh"

make_function example-request nodejs20.x index.handler index.mjs
deploy
sell --quota limit=2,period=MONTH
aws lambda update-function-configuration --function-name example-request \
    --environment "Variables={ACME_KEY=$key}" >/dev/null

call "no session" "$url/pets?tenant=acme"
call "a closed session" "$url/pets?tenant=acme" --header "X-Session: closed"
call "the key itself" "$url/pets" --header "x-api-key: $key"
for number in 1 2 3; do
    call "acme, call $number" "$url/pets?tenant=acme" --header "X-Session: open"
done
