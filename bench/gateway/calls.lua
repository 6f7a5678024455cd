-- One call with a key: a random one of those that may call often, all alike ("free") or the first far more often than
-- the last ("zipf", exponent 1), or always the one that is named. Arguments: path, host, key, seed.
local path, host, key, seed

function init(args)
    path, host, key, seed = args[1], args[2], args[3], tonumber(args[4])
    math.randomseed(seed)
end

function request()
    local value, number = key, nil
    if key == "free" then
        number = math.random(1, 9999)
    elseif key == "zipf" then
        number = math.min(9999, math.floor(10000 ^ math.random()))
    end
    if number then
        value = string.format("bench-key-%05d-0123456789abcdef", number)
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
