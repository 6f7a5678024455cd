#!/usr/bin/env bash
# Keeps everybody but the office out of a part of an API.
source "$(dirname "$0")/../lib.sh"

deploy

call "pets" "$url/pets"
call "admin" "$url/admin/restart" | sed "s/:$api/:(the API)/"

# This machine joins the office. A policy is part of a deployment.
sed 's|10.1.0.0/16|127.0.0.0/8|' api.yaml >"$scratch/api.yaml"
aws apigateway put-rest-api --rest-api-id "$api" --mode overwrite --body "fileb://$scratch/api.yaml" >/dev/null
aws apigateway create-deployment --rest-api-id "$api" --stage-name dev >/dev/null
call "admin, from the office" "$url/admin/restart"
