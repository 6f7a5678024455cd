-- Draws tokens from one bucket. KEYS[1] is the bucket; ARGV is: ticks in which one token is added, ticks in which an
-- empty bucket fills, tokens wanted, tokens that were given out without asking, and when a draw of one token was made
-- that is to be undone and what was owed afterwards, or nothing. A tick is a sixteenth of a nanosecond.
--
-- A bucket is kept as the time in microseconds, the ticks that it owed then, and the settings it was kept under. It is
-- gone when it is full. Numbers are doubles: whole up to 2^53, which is six days of ticks; beyond, rounding goes against
-- the caller, or is a part in 10^15.
local token, capacity, want, debt = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local owed, changed = 0, debt > 0

local kept = redis.call('GET', KEYS[1])
if kept then
  local at, before, old_token, old_capacity = string.match(kept, '^(%d+) (%d+) (%d+) (%d+)$')
  if at == ARGV[5] and before == ARGV[6] then
    before, changed = math.max(0, tonumber(before) - tonumber(old_token)), true
  end
  at = tonumber(at)
  -- A clock that was set back stands still for the bucket.
  owed = math.max(0, tonumber(before) - math.max(0, now - at) * 16000)
  changed = changed or now < at
  if old_token ~= ARGV[1] or old_capacity ~= ARGV[2] then
    -- As many tokens under the new settings.
    owed = math.ceil(math.min(owed, tonumber(old_capacity)) / tonumber(old_token) * token)
    changed = true
  end
end

owed = math.min(owed + debt * token, capacity)
local granted = math.min(want, math.floor((capacity - owed) / token))
if owed + granted * token > capacity then
  granted = granted - 1
end
owed = owed + granted * token
if owed == 0 then
  redis.call('DEL', KEYS[1])
elseif changed or granted > 0 then
  local state = string.format('%.0f %.0f %s %s', now, owed, ARGV[1], ARGV[2])
  redis.call('SET', KEYS[1], state, 'PX', math.ceil(owed / 16000000))
end
return { granted, owed, math.max(0, owed + token - capacity), now }
