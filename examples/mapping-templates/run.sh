#!/usr/bin/env bash
# Puts a REST API before a service that takes queries and answers rows.
source "$(dirname "$0")/../lib.sh"

start_upstream
deploy "upstream=$upstream"

call "orders" "$url/customers/acme/orders"
call "asked for" "$url/customers/acme/query?state=paid"
