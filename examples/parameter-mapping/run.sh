#!/usr/bin/env bash
# Renames what a call says on its way to an older API, and what that answers on the way back.
source "$(dirname "$0")/../lib.sh"

start_upstream
deploy "upstream=$upstream,tier=gold"

ask=(--request POST --header "X-Tenant: acme" --header "Content-Type: application/json"
    --data '{"pet":{"names":["Rex","Rexy"]}}')
call "what the upstream got" "$url/pets/7?verbose=yes" "${ask[@]}"
call_for_headers "what the caller got" "x-asked|x-kind" "$url/pets/7?verbose=yes" "${ask[@]}"
