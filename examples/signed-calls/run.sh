#!/usr/bin/env bash
# Lets in who signs calls by SigV4 with credentials of this Tollgate. curl signs, as any SDK of AWS does.
source "$(dirname "$0")/../lib.sh"

deploy
signed=(--aws-sigv4 "aws:amz:$AWS_DEFAULT_REGION:execute-api")
call "not signed" "$url/reports"
call "signed" "$url/reports" "${signed[@]}" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" |
    sed "s/$AWS_ACCESS_KEY_ID/the key pair/"
call "signed by who does not know the secret" "$url/reports" "${signed[@]}" --user "$AWS_ACCESS_KEY_ID:a guess" |
    cut -c 1-120
call "signed by somebody else" "$url/reports" "${signed[@]}" --user "AKIANOBODYNOBODY0000:a guess"
