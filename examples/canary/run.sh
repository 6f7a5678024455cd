#!/usr/bin/env bash
# Gives a new version a share of a stage's calls, and then all of them.
source "$(dirname "$0")/../lib.sh"

deploy version=1
sell --quota limit=10,period=MONTH
stage=(--rest-api-id "$api" --stage-name dev)

pets() {
    call "$1" "$url/pets" --header "x-api-key: $key"
}

pets "before"
deployment=$(aws apigateway create-deployment "${stage[@]}" \
    --canary-settings percentTraffic=0,stageVariableOverrides={version=2} --query id)
pets "a canary that gets nothing"
aws apigateway update-stage "${stage[@]}" \
    --patch-operations op=replace,path=/canarySettings/percentTraffic,value=100 >/dev/null
pets "a canary that gets all"
# Promotes it: its deployment and its variables become the stage's, and it ends.
aws apigateway update-stage "${stage[@]}" --patch-operations \
    op=replace,path=/deploymentId,value="$deployment" \
    op=copy,from=/canarySettings/stageVariableOverrides,path=/variables \
    op=remove,path=/canarySettings >/dev/null
pets "promoted"
call_for_headers "one quota for both" "ratelimit" "$url/pets" --header "x-api-key: $key" | sed 's/;t=.*//'
