#!/usr/bin/env bash
# Puts orders into a queue, and shows what can be bought, without any code of one's own.
source "$(dirname "$0")/../lib.sh"

# Stands for SQS, or for what you run in its place.
start_upstream
export TOLLGATE_SERVICE_ENDPOINTS__SQS=http://$upstream
export TOLLGATE_SERVICE_ACCESS_KEY_ID=AKIAORDERS TOLLGATE_SERVICE_SECRET_ACCESS_KEY=secret
start_tollgate
deploy

call "what the queue got" "$url/orders" --header "Content-Type: application/json" --data '{"pet": "Rex & Co"}'

sell --quota limit=1000,period=DAY
call "plans" "$url/plans"
