#!/usr/bin/env bash
# Words the gateway's refusals as the API's own.
source "$(dirname "$0")/../lib.sh"

deploy
sell --quota limit=1,period=MONTH

call "no key" "$url/pets"
call "the one call" "$url/pets" --header "x-api-key: $key"
call "one too many" "$url/pets" --header "x-api-key: $key"
call "the same for a browser" "$url/pets" --header "x-api-key: $key" --header "Accept: text/html"
call_for_headers "and its headers" "content-type|link|x-amzn-errortype" "$url/pets" --header "x-api-key: $key"
call "an unknown path" "$url/parrots"
call "an upstream that is down" "$url/broken"
