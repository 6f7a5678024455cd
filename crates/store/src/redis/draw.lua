-- Draws tokens from one bucket. KEYS[1] is the bucket; ARGV is: ticks in which one token is added, ticks in which an
-- empty bucket fills, tokens wanted, tokens that were given out without asking, and when a draw of one token was made
-- that is to be undone and what was owed afterwards, or nothing. Where a portion is asked for there follow the node,
-- tokens of the portion that it has, tokens wanted for it, and microseconds for which. A tick is a sixteenth of a
-- nanosecond. This is `OwedTokens::draw`, step by step; the reasons are there.
--
-- A bucket is kept as the time in microseconds, the ticks that it owed then, and the settings it was kept under; then,
-- for each portion, the node, its tokens, tokens of the whole bucket at that time, and when its term is over. It is gone
-- when it is full and nobody has a portion. Numbers are doubles: whole up to 2^53, which is six days of ticks; beyond,
-- rounding goes against the caller, or is a part in 10^15.
local TICKS_PER_MICRO, PORTIONS_PART = 16000, 10
local token, capacity, want, debt = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local burst = math.floor(capacity / token)
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local at, owed, portions, changed, given = now, 0, {}, debt > 0, 0

-- Tokens of a portion where the whole has so many.
local function tokens_of(portion, whole)
  return portion.burst == whole and portion.tokens or math.floor(portion.tokens * whole / portion.burst)
end

-- Tokens of all portions.
local function in_portions(whole)
  local sum = 0
  for _, portion in ipairs(portions) do
    sum = sum + tokens_of(portion, whole)
  end
  return sum
end

-- Drains the rest up to a time. A clock that was set back stands still.
local function drain(ends, whole)
  local passed, missing = math.max(0, ends - at), in_portions(whole)
  local drained = passed * TICKS_PER_MICRO
  if missing > 0 then
    local scaled = passed * math.max(1, whole - missing)
    local micros = math.floor(scaled / whole)
    drained = micros * TICKS_PER_MICRO + math.floor((scaled - micros * whole) * TICKS_PER_MICRO / whole)
  end
  at, owed = math.max(at, ends), math.max(0, owed - drained)
end

local kept = redis.call('GET', KEYS[1])
if kept then
  local before, old_token, old_capacity, list
  at, before, old_token, old_capacity, list = string.match(kept, '^(%d+) (%d+) (%d+) (%d+)(.*)$')
  for node, tokens, whole, ends in string.gmatch(list, ' (%d+) (%d+) (%d+) (%d+)') do
    table.insert(portions, { node = node, tokens = tonumber(tokens), burst = tonumber(whole), ends = tonumber(ends) })
  end
  if at == ARGV[5] and before == ARGV[6] then
    before, changed = math.max(0, tonumber(before) - tonumber(old_token)), true
  end
  at, owed, old_token, old_capacity = tonumber(at), tonumber(before), tonumber(old_token), tonumber(old_capacity)
  changed = changed or now < at or #portions > 0

  local old_burst = math.floor(old_capacity / old_token)
  table.sort(portions, function(one, other) return one.ends < other.ends end)
  while portions[1] and portions[1].ends <= now do
    drain(portions[1].ends, old_burst)
    owed = owed + tokens_of(table.remove(portions, 1), old_burst) * old_token
  end
  drain(now, old_burst)

  if old_token ~= token or old_capacity ~= capacity then
    -- As many tokens under the new settings.
    owed = math.min(owed, old_capacity)
    local whole = math.floor(owed / old_token)
    owed = whole * token + math.ceil((owed - whole * old_token) * token / old_token)
    for _, portion in ipairs(portions) do
      owed = owed + math.max(0, tokens_of(portion, old_burst) - tokens_of(portion, burst)) * token
    end
    changed = true
  end
end

local missing = in_portions(burst)
local rest = math.max(0, capacity - missing * token)
owed = math.min(owed + debt * token, rest)

local node, held, portion_want, term = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
if node then
  local portion
  for _, other in ipairs(portions) do
    if other.node == node then
      portion = other
    end
  end
  local before = portion and tokens_of(portion, burst) or 0
  -- A node that has none any more may have spent what it had.
  local charged = held == 0 and owed + before * token or owed
  if charged * 2 <= rest then
    owed = charged
    local room = math.min(math.max(0, math.floor(burst / PORTIONS_PART) - missing), math.floor((rest - owed) / token))
    given = math.max(before, math.min(portion_want, before + room))
  end
  if given > 0 then
    if not portion then
      portion = { node = node, ends = 0 }
      table.insert(portions, portion)
    end
    if given > before then
      portion.tokens, portion.burst = given, burst
    end
    portion.ends, changed = math.max(portion.ends, now + term), true
    missing = missing + given - before
    rest = math.max(0, capacity - missing * token)
  end
end

local granted = math.max(0, math.min(want, math.floor((rest - owed) / token)))
if owed + granted * token > rest then
  granted = granted - 1
end
owed = owed + granted * token
if owed == 0 and #portions == 0 then
  redis.call('DEL', KEYS[1])
elseif changed or granted > 0 then
  local state = { string.format('%.0f %.0f %s %s', now, owed, ARGV[1], ARGV[2]) }
  local lasts = 0
  for _, portion in ipairs(portions) do
    lasts = math.max(lasts, portion.ends - now)
    table.insert(state, string.format('%s %.0f %.0f %.0f', portion.node, portion.tokens, portion.burst, portion.ends))
  end
  -- What portions have is owed when their terms are over.
  local filling = math.ceil((owed + missing * token) / (TICKS_PER_MICRO * 1000))
  redis.call('SET', KEYS[1], table.concat(state, ' '), 'PX', math.ceil(lasts / 1000) + filling)
end

local retry_after = math.max(0, owed + token - rest)
if missing > 0 then
  retry_after = math.ceil(retry_after * burst / math.max(1, burst - missing))
end
return { granted, owed, retry_after, now, given }
