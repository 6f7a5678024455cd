#!/usr/bin/env bash
# Refuses what does not fit the model before anything behind the gateway sees it.
source "$(dirname "$0")/../lib.sh"

deploy
send() {
    call "$1" "$url/pets$2" --header "Content-Type: application/json" --data "$3"
}

send "a dog" "?tenant=acme" '{"name": "Rex", "kind": "dog", "age": 3}'
send "no tenant" "" '{"name": "Rex", "kind": "dog"}'
send "no kind" "?tenant=acme" '{"name": "Rex"}'
send "an age in words" "?tenant=acme" '{"name": "Rex", "kind": "dog", "age": "three"}'
send "no JSON" "?tenant=acme" 'Rex'
