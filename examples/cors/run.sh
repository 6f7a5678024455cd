#!/usr/bin/env bash
# Lets the pages of one shop call an API from the browser.
source "$(dirname "$0")/../lib.sh"

deploy
sell

call_for_headers "preflight" "access-control-.*" "$url/pets" --request OPTIONS \
    --header "Origin: https://shop.example" --header "Access-Control-Request-Method: GET" \
    --header "Access-Control-Request-Headers: X-Api-Key"
call_for_headers "the call" "access-control-.*" "$url/pets" --header "x-api-key: $key"
call_for_headers "a refusal" "access-control-.*" "$url/pets"
