#!/usr/bin/env bash
# Traces a call from its caller through the gateway to the API behind it.
source "$(dirname "$0")/../lib.sh"

exec {from_collector}< <(exec python3 collector.py)
later finish $!
read -r TOLLGATE_TRACES__ENDPOINT <&"$from_collector"
export TOLLGATE_TRACES__ENDPOINT
start_tollgate
start_upstream
deploy "upstream=$upstream"
sell --throttle rateLimit=100,burstLimit=100

trace=4bf92f3577b34da6a3ce929d0e0e4736
call "a call of that trace" "$url/pets" --header "x-api-key: $key" --header "traceparent: 00-$trace-00f067aa0ba902b7-01"

read -r batch <&"$from_collector"
echo "the collector: $batch"
