#!/usr/bin/env bash
# Moves the keys, limits and routes of a Kong and of a Tyk here.
source "$(dirname "$0")/../lib.sh"

start_upstream

# Converts a file, deploys what it comes to, and imports its keys. Sets `url` to where the stage is called.
move_in() {
    local file=$1 title=$2 values deployed
    sed "s|127.0.0.1:9000|$upstream|" "$file" >"$scratch/$file"
    python3 convert.py "$scratch/$file" "$scratch/$title"
    deployed=$(operate deploy "$scratch/$title/template.json" --stack "$title" 2>>"$scratch/log")
    later delete_stack "$title"
    url=$(sed -n 's/^stage .* is called at //p' <<<"$deployed")
    # The outputs are the ids of the plans, as `Plan1 = abc123`.
    sed "$(sed -n 's/^\(Plan[0-9]*\) = \(.*\)$/s,@\1@,\2,/p' <<<"$deployed")" "$scratch/$title/keys.csv" >"$scratch/keys.csv"
    for id in $(aws apigateway import-api-keys --format csv --fail-on-warnings --body "fileb://$scratch/keys.csv" \
        --query ids); do
        later aws apigateway delete-api-key --api-key "$id"
    done
}

move_in kong.yml from-kong
call "nobody" "$url/pets"
call "bob" "$url/pets/7" --header "x-api-key: bob-9876543210-9876543210"
call "bob, a path that is not stripped" "$url/status" --header "x-api-key: bob-0123456789-0123456789"
for number in 1 2 3 4; do
    call "ann, call $number" "$url/pets" --header "x-api-key: ann-0123456789-0123456789"
done

move_in tyk.json from-tyk
call "eva" "$url/pets/7" --header "x-api-key: 5e9d9544a1dcd60001d0ed20eva"
call "fay, who is inactive" "$url/pets" --header "x-api-key: 5e9d9544a1dcd60001d0ed20fay"
