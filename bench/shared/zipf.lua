-- One call with a key, the first of them far more often than the last (Zipf, exponent 1).
-- Arguments: path, host, "free" or a key, seed.
local path, host, key, seed

function init(args)
    path, host, key, seed = args[1], args[2], args[3], tonumber(args[4])
    math.randomseed(seed)
end

function request()
    local value = key
    if key == "free" then
        value = string.format("bench-key-%05d-0123456789abcdef", math.min(9999, math.floor(10000 ^ math.random())))
    end
    return wrk.format("GET", path, { ["Host"] = host, ["x-api-key"] = value })
end


function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "micros": %d, "p50": %d, "p99": %d, "refused": %d, "failed": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
