/**
 * What happens inside Redis in one piece. Owns the scripts and the form of what is kept; times are those of
 * Redis itself, so that no two clocks are ever compared.
 *
 * A fact is a field of one hash, by its subject: `until keptUntil at origin news`, the times in epoch milliseconds,
 * 0 for never ending.
 */

const NOW = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function read(value)
  local till, kept, at, origin, news = string.match(value, '^(%d+) (%d+) (%d+) (%S+) (.*)$')
  if not till then return nil end
  return { till = tonumber(till), kept = tonumber(kept), at = tonumber(at), origin = origin, news = news }
end
local function holds(fact) return fact.kept == 0 or fact.kept > now end
local function later(at, origin, fact) return at > fact.at or (at == fact.at and origin > fact.origin) end
`;

/**
 * Keeps a fact, unless a later one of its subject is there, and tells everybody; one that is told `again`, only where
 * it was not there. KEYS: facts. ARGV: channel, field, message, news, for (-1: never ending), kept (-1), at (0: now),
 * origin, ttl, again (1).
 */
export const TELL = `${NOW}
local at = tonumber(ARGV[7])
local stored = redis.call('HGET', KEYS[1], ARGV[2])
local fact = stored and read(stored)
local news = at == 0 or not fact or not holds(fact) or later(at, ARGV[8], fact)
if news then
  local till = ARGV[5] == '-1' and 0 or now + tonumber(ARGV[5])
  local kept = ARGV[6] == '-1' and 0 or till + tonumber(ARGV[6])
  redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f %.0f %.0f %s %s', till, kept, at, ARGV[8], ARGV[4]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[9])
if news or ARGV[10] ~= '1' then redis.call('PUBLISH', ARGV[1], ARGV[3]) end
return 1
`;

/** Takes down the fact of that stamp. KEYS: facts. ARGV: field, at, origin. */
export const WITHDRAW = `${NOW}
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local fact = stored and read(stored)
if fact and fact.at == tonumber(ARGV[2]) and fact.origin == ARGV[3] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
`;

/** What holds: pairs of what is left of it in milliseconds (-1: never ending) and the news. KEYS: facts. */
export const LIST = `${NOW}
local found = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local fact = read(all[i + 1])
  if fact and holds(fact) then
    local left = fact.till == 0 and -1 or math.max(0, fact.till - now)
    found[#found + 1] = string.format('%.0f', left)
    found[#found + 1] = fact.news
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return found
`;

/** Takes a free place; its number, or -1. KEYS: places. ARGV: holder, lease in milliseconds. */
export const CLAIM = `
for i = 1, #KEYS do
  if redis.call('SET', KEYS[i], ARGV[1], 'NX', 'PX', ARGV[2]) then return i - 1 end
end
return -1
`;

/** Gives a place back. KEYS: place. ARGV: holder. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`;

/**
 * A probe was good; the last one of its period closes the circuit everywhere, if it is still that period's: the
 * opening that was found out, or the one that was ordered.
 * KEYS: facts, place, all places. ARGV: channel, field, field of the order, holder, kept, period's at, period's
 * origin, at, origin, news, message.
 */
export const GOOD = `${NOW}
if redis.call('GET', KEYS[2]) ~= ARGV[4] then return 0 end
redis.call('SET', KEYS[2], 'good', 'PX', ARGV[5])
for i = 3, #KEYS do
  if redis.call('GET', KEYS[i]) ~= 'good' then return 1 end
end
local function isPeriod(field)
  local stored = redis.call('HGET', KEYS[1], field)
  local fact = stored and read(stored)
  return fact and fact.at == tonumber(ARGV[6]) and fact.origin == ARGV[7]
end
if not isPeriod(ARGV[2]) and not isPeriod(ARGV[3]) then return 1 end
redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f 0 %.0f %s %s', now, tonumber(ARGV[8]), ARGV[9], ARGV[10]))
redis.call('PUBLISH', ARGV[1], ARGV[11])
return 2
`;
