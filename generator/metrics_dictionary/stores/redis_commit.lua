-- Writes recordings to Redis, each of them whole or not at all.
--
-- A script has no rollback. So this one first looks at every key that a recording changes, adds up what the good ones
-- change, and then writes each key once, noting how each write is undone: one that fails all the same, because a set
-- is damaged inside or a user of Redis may not do it, leaves nothing behind. Redis refuses the first write of a script
-- where it takes none (OOM, READONLY, MISCONF, NOREPLICAS), and none after that.
--
-- KEYS: state, outbox, rotation, three tables of ids, the events that the collector refused, then the keys that
-- recordings refer to by their position here.
-- ARGV: the store's identifier; how many ids fit into a table; the lifetime of a weekly key in seconds; the names of
-- requests and events, 16 bytes each, in the order of the recordings; the digests of the requests, 8 bytes each; the
-- recordings in JSON; how many events the outbox keeps, refused ones included; 1 to leave out what more there are, 0 to
-- refuse it; how many values totals by value have; the rows of the outbox, to which recordings refer by their position here.
-- The JSON: [[shape, ...], [recording, ...]]. A recording: [1 when it has a request's name or 0, changes, changes of the
-- first event with an id, of the second...]. Changes: [shape, [values for each set of the shape, ...], [sum, amount, ...],
-- [row, ...]] and, where there are totals by value, a list of [hash, counter of what is left out of it, how much is left out
-- for its length, value, amount, value, amount, ...]. A shape is what many events have in common: [[counter, amount, ...], [set, ...], [weekly key, ...]]. An
-- amount that a double does not hold exactly is a string.
--
-- Returns {'OTHER', identifier, when it was adopted} for a store with another identifier, or an empty one, else {'DONE',
-- a letter for each recording, ids in a table that was full too early, seconds it took, how many events were left out,
-- [hash, how much was left out of it, ...], [position of a written recording, how many of its ids were known, ...], the key
-- of each refused recording}. The letters: W written, D duplicate, C conflict, R refused, F refused as the outbox is full. With an error nothing is written, unless it begins with PARTLY.

local STATE, OUTBOX, ROTATION, TABLES, REFUSED = KEYS[1], 2, 3, 4, 7
local ROTATE_AFTER = 12 * 3600
local KEEP_TABLE = 48 * 3600
local MAX_EXACT = 2 ^ 53
local MAX_COUNTER = 1e18
local LOW_COUNTER, LOW_AMOUNT = 1e17, 1e9 -- no commit adds so much that it leads from here to MAX_COUNTER
local DENSE_SIZE = 12304 -- hyperloglog.c: a header of 16 bytes and 16384 registers of 6 bits
local MAX_DIGITS = 18 -- of a total by value
local MAX_VALUES = tonumber(ARGV[9])
local MAX_ARGUMENTS = 1000 -- of one command; Lua's stack has room for 8000

local now = tonumber(redis.call('TIME')[1])
local kept = redis.call('HMGET', STATE, 'store_identifier', 'adopted_at')
if kept[1] ~= ARGV[1] then
  return {'OTHER', kept[1] or '', kept[2] or ''}
end

local shapes, recordings = unpack(cjson.decode(ARGV[6]))

-- What the keys hold -------------------------------------------------------------------------------------------------

local wrong = {} -- keys that hold something else than they should
local held = {} -- counter, sum, sparse set -> what it holds, false when it is absent; for other keys nothing
local seen = {} -- keys that were looked at

local function get(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    if not reply.err:find('^WRONGTYPE') then
      error(reply.err, 0)
    end
    return nil
  end
  return reply
end

local function is_counter(text) -- as INCRBY reads it, which takes neither 007 nor -0
  return #text <= 19 and (text == '0' or text:find('^-?[1-9]%d*$'))
end

local function is_sum(text) -- a number that INCRBYFLOAT, and who reads totals, can read
  if #text > 400 then
    return false
  end
  local exponent = text:match('^-?%d+[eE][-+]?%d+$') or text:match('^-?%d+%.%d+[eE][-+]?%d+$')
  if exponent then
    return math.abs(tonumber(text)) < math.huge
  end
  return text:find('^-?%d+$') or text:find('^-?%d+%.%d+$')
end

local function look_at_number(key, is_number)
  local text = get('GET', KEYS[key])
  held[key] = text
  wrong[key] = text == nil or text and not is_number(text)
end

local function look_at_set(key)
  local head = get('GETRANGE', KEYS[key], 0, 4)
  if head == 'HYLL\0' then
    wrong[key] = redis.call('STRLEN', KEYS[key]) ~= DENSE_SIZE
  elseif head == 'HYLL\1' then
    held[key] = redis.call('GET', KEYS[key])
    wrong[key] = #held[key] < 16
  else
    held[key] = false
    wrong[key] = head ~= '' or redis.call('EXISTS', KEYS[key]) == 1
  end
end

local function look_at_type(key, wanted)
  local found = redis.call('TYPE', KEYS[key]).ok
  wrong[key] = found ~= 'none' and found ~= wanted
end

local stood = {} -- hash -> value -> what its total is, false when there is none
local sizes = {} -- hash -> how many values it has

local function look_at_hash(key)
  look_at_type(key, 'hash')
  stood[key] = {}
  sizes[key] = wrong[key] and 0 or redis.call('HLEN', KEYS[key])
end

local function is_wrong_value(key, value)
  local known = stood[key]
  if known[value] == nil then
    known[value] = redis.call('HGET', KEYS[key], value)
  end
  return known[value] and not (#known[value] <= MAX_DIGITS and is_counter(known[value]))
end

local function is_wrong(key, look, detail)
  if not seen[key] then
    seen[key] = true
    look(key, detail)
  end
  return wrong[key]
end

-- Which ids are known ------------------------------------------------------------------------------------------------

local names = {} -- of requests and events, in the order of the recordings
for start = 1, #ARGV[4], 16 do
  names[#names + 1] = ARGV[4]:sub(start, start + 15)
end

local known = {} -- name -> digest; of an event, whose digest is not kept, an empty string
local tables_wrong -- the key that should hold ids and does not
local current, since = 0, now -- the table that is filled, and since when
local emptied = {} -- the tables whose ids are forgotten now
local crowd, hours = 0, 0 -- how many ids filled a table too early, and how fast
local rotated = true

local function read_rotation()
  local fields = redis.call('HMGET', KEYS[ROTATION], 'current', 'since')
  rotated = not fields[1]
  current, since = tonumber(fields[1] or 0) % 3, math.min(tonumber(fields[2] or now), now)
  local steps = math.min(math.floor((now - since) / ROTATE_AFTER), 3)
  local ids = redis.call('HLEN', KEYS[TABLES + current])
  if steps == 0 and ids >= tonumber(ARGV[2]) then
    steps, crowd, hours = 1, ids, now - since
  end
  for _ = 1, steps do
    current, since, rotated = (current + 1) % 3, now, true
    emptied[current] = true
  end
end

local function read_known()
  for number = 0, 2 do
    for start = 1, emptied[number] and 0 or #names, MAX_ARGUMENTS do
      local last = math.min(start + MAX_ARGUMENTS - 1, #names)
      local digests = redis.call('HMGET', KEYS[TABLES + number], unpack(names, start, last))
      for offset, digest in ipairs(digests) do
        known[names[start + offset - 1]] = digest or known[names[start + offset - 1]]
      end
    end
  end
end

if #names > 0 then
  for key = ROTATION, TABLES + 2 do
    tables_wrong = tables_wrong or is_wrong(key, look_at_type, 'hash') and key
  end
  if not tables_wrong then
    read_rotation()
    read_known()
  end
end

-- What the good recordings change ------------------------------------------------------------------------------------

local increments, sums, exact, values, weekly, rows, new -- what is to be written
local reach = {} -- counter -> its distance from zero, at most, with what recordings add that are good so far
local charged = {} -- the same with the recording that is looked at
local by_value, added -- hash -> value -> what is added to its total; hash -> how many values are added
local lost, counter_of -- hash -> how much is left out of it; and where that is counted
local left_out = 0 -- how many events the outbox had no room for
local repeated -- position of a recording, how many of its ids were known, and so on

local function begin()
  left_out = 0
  increments, sums, exact, values, weekly, rows, new = {}, {}, {}, {}, {}, {}, {}
  reach, charged = {}, {}
  by_value, added, lost, counter_of = {}, {}, {}, {}
  repeated = {}
  for _, shape in ipairs(shapes) do
    shape.bad, shape.times = nil, 0
  end
end

-- Looks at the keys of a shape, once: `bad` is one that holds something else, and `low` says that the counters are so low
-- that nobody has to watch how far they rise.
local function look_at_shape(shape)
  shape.bad, shape.low = false, true
  for position = 1, #shape[1], 2 do
    local key, amount = shape[1][position], math.abs(tonumber(shape[1][position + 1]))
    if is_wrong(key, look_at_number, is_counter) then
      shape.bad = key
      return
    end
    shape.low = shape.low and amount < LOW_AMOUNT and math.abs(tonumber(held[key] or 0)) < LOW_COUNTER
  end
  for _, key in ipairs(shape[2]) do
    shape.bad = shape.bad or is_wrong(key, look_at_set) and key
  end
end

local function is_out_of_reach(key, amount)
  local far = (charged[key] or reach[key] or math.abs(tonumber(held[key] or 0))) + math.abs(tonumber(amount))
  charged[key] = far
  return far >= MAX_COUNTER
end

local function wrong_key(changes)
  local shape = shapes[changes[1]]
  if shape.bad == nil then
    look_at_shape(shape)
  end
  if shape.bad then
    return shape.bad
  end
  for position = 1, shape.low and 0 or #shape[1], 2 do
    if is_out_of_reach(shape[1][position], shape[1][position + 1]) then
      return shape[1][position]
    end
  end
  for position = 1, #changes[3], 2 do
    if is_wrong(changes[3][position], look_at_number, is_sum) then
      return changes[3][position]
    end
  end
  for _, totals in ipairs(changes[5] or {}) do
    if is_wrong(totals[1], look_at_hash) then
      return totals[1]
    end
    if is_wrong(totals[2], look_at_number, is_counter) then
      return totals[2]
    end
    for position = 4, #totals, 2 do
      if is_wrong_value(totals[1], totals[position]) then
        return totals[1]
      end
    end
  end
  if #changes[4] > 0 then
    return is_wrong(OUTBOX, look_at_type, 'stream') and OUTBOX or is_wrong(REFUSED, look_at_type, 'zset') and REFUSED
  end
  return nil
end

local kept -- how many events there are

local function is_full(more)
  kept = kept or redis.call('XLEN', KEYS[OUTBOX]) + redis.call('ZCARD', KEYS[REFUSED])
  return kept + #rows + more > tonumber(ARGV[7])
end

local function add(totals, command, key, amount)
  local total = type(amount) == 'number' and (totals[key] or 0) + amount
  if total and math.abs(total) <= MAX_EXACT then
    totals[key] = total
  else
    exact[#exact + 1] = {command, key, amount}
  end
end

local function gather_counters(shape, times)
  for position = 1, #shape[1], 2 do
    local amount = shape[1][position + 1]
    add(increments, 'INCRBY', shape[1][position], times == 1 and amount or amount * times)
  end
end

local function gather_by_value(entry)
  local key, left = entry[1], entry[3]
  local totals = by_value[key] or {}
  by_value[key] = totals
  for position = 4, #entry, 2 do
    local value, amount = entry[position], entry[position + 1]
    if not totals[value] and not stood[key][value] then
      if sizes[key] + (added[key] or 0) >= MAX_VALUES then
        left, amount = left + amount, nil
      else
        added[key] = (added[key] or 0) + 1
      end
    end
    totals[value] = amount and (totals[value] or 0) + amount
  end
  if left > 0 then
    lost[key] = (lost[key] or 0) + left
    counter_of[key] = entry[2]
    add(increments, 'INCRBY', entry[2], left)
  end
end

local function gather(changes)
  local shape = shapes[changes[1]]
  shape.times = shape.times + 1
  if not shape.low then
    gather_counters(shape, 1)
  end
  for position, key in ipairs(shape[2]) do
    local list = values[key] or {}
    values[key] = list
    for _, value in ipairs(changes[2][position]) do
      list[#list + 1] = value
    end
  end
  for position = 1, #changes[3], 2 do
    add(sums, 'INCRBYFLOAT', changes[3][position], changes[3][position + 1])
  end
  for _, entry in ipairs(changes[5] or {}) do
    gather_by_value(entry)
  end
end

local function gather_shapes()
  for _, shape in ipairs(shapes) do
    if shape.low and shape.times > 0 then
      gather_counters(shape, shape.times)
    end
    for _, key in ipairs(shape.times > 0 and shape[3] or {}) do
      weekly[key] = true
    end
  end
  for key, counter in pairs(counter_of) do
    weekly[counter] = weekly[key]
  end
end

-- Returns the letter of a recording, and the key for which it is refused; gathers what it changes when it is good.
local function judge(position, recording, request, digest, first)
  local before = request and (known[request] or new[request])
  if before then
    return before == digest and 'D' or 'C'
  end
  if tables_wrong and (request or #recording > 2) then
    return 'R', tables_wrong
  end
  local parts, ids = {recording[2]}, {}
  for event = 3, #recording do
    local id = names[first + event - 3]
    if not (known[id] or new[id] or ids[id]) then
      ids[id] = true
      parts[#parts + 1] = recording[event]
    end
  end
  charged = {}
  for _, changes in ipairs(parts) do
    local key = wrong_key(changes)
    if key then
      return 'R', key
    end
  end
  local more = 0 -- events for the collector
  for _, changes in ipairs(parts) do
    more = more + #changes[4]
  end
  if more > 0 and is_full(more) then
    if ARGV[8] ~= '1' then
      return 'F'
    end
    left_out = left_out + more
    more = 0
  end
  for key, far in pairs(charged) do
    reach[key] = far
  end
  for _, changes in ipairs(parts) do
    gather(changes)
    for _, row in ipairs(more > 0 and changes[4] or {}) do
      rows[#rows + 1] = row
    end
  end
  for id in pairs(ids) do
    new[id] = ''
  end
  if request then
    new[request] = digest
  end
  local without = #recording - 1 - #parts
  if without > 0 then
    repeated[#repeated + 1], repeated[#repeated + 2] = position, without
  end
  return 'W'
end

local function judge_all()
  begin()
  local letters, refused = {}, {}
  local name, digest = 0, 0
  for position, recording in ipairs(recordings) do
    local request, asked
    if recording[1] == 1 then
      name, digest = name + 1, digest + 1
      request, asked = names[name], ARGV[5]:sub(digest * 8 - 7, digest * 8)
    end
    letters[position], refused[#refused + 1] = judge(position, recording, request, asked, name + 1)
    name = name + #recording - 2
  end
  gather_shapes()
  return table.concat(letters), refused
end

-- Writing ------------------------------------------------------------------------------------------------------------

local undo -- commands that take back what is written, the first write first; false where nothing does
local writing -- the key that is being written

local function write(key, ...)
  writing = key
  return redis.call(...)
end

local function undo_by(...)
  undo[#undo + 1] = {...}
end

local function undo_by_what_was_held(key)
  if held[key] then
    undo_by('SET', KEYS[key], held[key], 'KEEPTTL')
  elseif held[key] == false then
    undo_by('DEL', KEYS[key])
  else
    undo[#undo + 1] = false
  end
end

local function shortest(number) -- the shortest decimal number that is read as the same double
  for digits = 15, 16 do
    local text = string.format('%.' .. digits .. 'g', number)
    if tonumber(text) == number then
      return text
    end
  end
  return string.format('%.17g', number)
end

local function write_rows()
  for _, row in ipairs(rows) do
    local id = write(OUTBOX, 'XADD', KEYS[OUTBOX], '*', 'event', ARGV[row])
    undo_by('XDEL', KEYS[OUTBOX], id)
  end
  if left_out > 0 then
    write(1, 'HINCRBY', STATE, 'outbox_dropped', left_out)
    undo_by('HINCRBY', STATE, 'outbox_dropped', -left_out)
  end
end

-- What a dense set held is too long to be read each time, so these are written last.
local function write_sets(dense)
  for key, list in pairs(values) do
    if (held[key] == nil) == dense then
      for start = 1, #list, MAX_ARGUMENTS do
        write(key, 'PFADD', KEYS[key], unpack(list, start, math.min(start + MAX_ARGUMENTS - 1, #list)))
        undo_by_what_was_held(key)
      end
    end
  end
end

local function write_ids()
  if not next(new) then
    return
  end
  if rotated then
    write(ROTATION, 'HSET', KEYS[ROTATION], 'current', current, 'since', string.format('%.0f', since))
    write(ROTATION, 'EXPIRE', KEYS[ROTATION], KEEP_TABLE)
    for number in pairs(emptied) do
      write(TABLES + number, 'UNLINK', KEYS[TABLES + number])
    end
  end
  local filled = KEYS[TABLES + current]
  local entries, added = {}, {}
  for name, digest in pairs(new) do
    entries[#entries + 1], entries[#entries + 2], added[#added + 1] = name, digest, name
    if #added == MAX_ARGUMENTS or next(new, name) == nil then
      write(TABLES + current, 'HSET', filled, unpack(entries))
      undo_by('HDEL', filled, unpack(added))
      entries, added = {}, {}
    end
  end
  if redis.call('TTL', filled) < 0 then
    redis.call('EXPIRE', filled, KEEP_TABLE)
  end
end

local function write_numbers()
  for key, total in pairs(increments) do
    write(key, 'INCRBY', KEYS[key], string.format('%.0f', total))
    undo_by_what_was_held(key)
  end
  for key, total in pairs(sums) do
    write(key, 'INCRBYFLOAT', KEYS[key], shortest(total))
    undo_by_what_was_held(key)
  end
  for _, entry in ipairs(exact) do
    local command, key, amount = unpack(entry)
    write(key, command, KEYS[key], type(amount) == 'number' and shortest(amount) or amount)
    undo_by_what_was_held(key)
  end
end

local function write_by_value()
  for key, totals in pairs(by_value) do
    for value, total in pairs(totals) do
      write(key, 'HINCRBY', KEYS[key], value, string.format('%.0f', total))
      if stood[key][value] then
        undo_by('HINCRBY', KEYS[key], value, string.format('%.0f', -total))
      else
        undo_by('HDEL', KEYS[key], value)
      end
    end
  end
end

local function write_ends()
  for key in pairs(weekly) do
    if redis.call('TTL', KEYS[key]) < 0 then
      redis.call('EXPIRE', KEYS[key], ARGV[3])
      undo_by('PERSIST', KEYS[key])
    end
  end
end

local function write_all()
  write_rows()
  write_sets(false)
  write_ids()
  write_numbers()
  write_by_value()
  write_ends()
  write_sets(true)
end

local function take_back()
  for number = #undo, 1, -1 do
    local reply = undo[number] and redis.pcall(unpack(undo[number]))
    if not undo[number] or type(reply) == 'table' and reply.err then
      return false
    end
  end
  return true
end

local WRONG = {'^WRONGTYPE', '^INVALIDOBJ', 'not an integer', 'not a valid float', 'would ', 'exhausted'}

local function is_about_the_key(reason)
  for _, pattern in ipairs(WRONG) do
    if reason:find(pattern) then
      return true
    end
  end
  return false
end

while true do
  local letters, refused = judge_all()
  undo, writing = {}, nil
  local done, failure = pcall(write_all)
  if done then
    for number, key in ipairs(refused) do
      refused[number] = KEYS[key]
    end
    local without = {}
    for key, amount in pairs(lost) do
      without[#without + 1], without[#without + 2] = KEYS[key], amount
    end
    return {'DONE', letters, crowd, hours, left_out, without, repeated, unpack(refused)}
  end
  local reason = type(failure) == 'table' and failure.err or tostring(failure)
  if not take_back() then
    return redis.error_reply('PARTLY written: ' .. reason)
  end
  if not writing or wrong[writing] or not is_about_the_key(reason) then
    return redis.error_reply(reason)
  end
  wrong[writing] = true
  seen[writing] = true
  tables_wrong = tables_wrong or writing >= ROTATION and writing <= TABLES + 2 and writing
end
