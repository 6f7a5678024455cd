#!/usr/bin/env bash
# Lets a function say who calls and what they may do.
source "$(dirname "$0")/../lib.sh"

make_function example-token python3.12 judge.handler judge.py
deploy

call "no token" "$url/pets/list"
call "no token of ours" "$url/pets/list" --header "Authorization: Basic eA=="
call "an unknown token" "$url/pets/list" --header "Authorization: Bearer eve"
call "alice lists" "$url/pets/list" --header "Authorization: Bearer alice"
call "alice deletes" "$url/pets/delete" --header "Authorization: Bearer alice"
call "bob lists" "$url/pets/list" --header "Authorization: Bearer bob"
call "bob deletes" "$url/pets/delete" --header "Authorization: Bearer bob"
