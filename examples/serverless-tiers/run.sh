#!/usr/bin/env bash
# Deploys a Serverless project with two tiers, and again after its limits changed.
source "$(dirname "$0")/../lib.sh"

deploy_serverless tiers-dev
joe=joe-of-the-free-tier-000 ann=ann-of-the-paid-tier-000

ask() {
    call "$1" "$url/weather/oslo" --header "x-api-key: $2"
}

for number in 1 2 3 4; do ask "joe, call $number" "$joe"; done
ask "ann" "$ann"
call "anybody" "$url/status"

# Five calls a day are free now: the three that joe made still count.
sed -i 's/limit: 3/limit: 5/' "$scratch/project/serverless.yml"
operate deploy --serverless "$scratch/project" >/dev/null 2>>"$scratch/log"
for number in 4 5 6; do ask "joe, call $number" "$joe"; done
