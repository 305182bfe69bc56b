import { createHash } from 'node:crypto'
import { ENTRY_OVERHEAD } from '../size.ts'
import type { RedisArgument, RedisReply } from './client.ts'
import type { RedisConnection } from './connection.ts'

/*
 * Steps that must be atomic are Lua scripts. The first argument of each script is the prefix of all keys and channels.
 * - The hash of a topic contains `epoch`, `count`, `renewal` and, under `from:` and the name of a process, the last
 *   sequence number that this process published.
 * - A topic with history also has a stream. The ids of its entries are the numbers of the messages.
 * - The hash `history` contains the size of the streams in bytes, per topic and in total. A stream that has expired is
 *   included until its topic is used again.
 * - The sorted set `history:order` lists the topics by the time of their last message.
 * - The key `renewed` contains the last renewal. A topic whose hash does not contain this renewal gets a new epoch when
 *   it is used.
 */

const head = `
local prefix, token, life = ARGV[1], ARGV[2], ARGV[3]
local renewed = prefix .. ':renewed'
local function place(topic)
  local meta = prefix .. ':topic:' .. topic
  local renewal = redis.call('GET', renewed)
  if renewal then redis.call('PEXPIRE', renewed, life) end
  if (redis.call('HGET', meta, 'renewal') or '') ~= (renewal or '') then
    redis.call('HSET', meta, 'renewal', renewal or '', 'count', 0)
    redis.call('HDEL', meta, 'epoch')
  end
  if redis.call('HSETNX', meta, 'epoch', token) == 1 then redis.call('DEL', prefix .. ':log:' .. topic) end
  redis.call('PEXPIRE', meta, life)
  return redis.call('HGET', meta, 'epoch'), redis.call('HGET', meta, 'count') or '0', meta
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`

/** Functions that store a message and limit the size of the history, like the local history. */
const store = `
local sizes, order = prefix .. ':history', prefix .. ':history:order'
local function count(topic, bytes)
  redis.call('HINCRBY', sizes, 'all', bytes)
  if redis.call('HINCRBY', sizes, 'of:' .. topic, bytes) == 0 then
    redis.call('HDEL', sizes, 'of:' .. topic)
    redis.call('ZREM', order, topic)
  end
end
local function forget(topic)
  redis.call('DEL', prefix .. ':log:' .. topic)
  local bytes = redis.call('HGET', sizes, 'of:' .. topic)
  if bytes then count(topic, -bytes) else redis.call('ZREM', order, topic) end
end
local function sizeOf(text) return #text + ${ENTRY_OVERHEAD} end
local function drop(topic, excess)
  local log = prefix .. ':log:' .. topic
  local length, bytes = redis.call('XLEN', log), 0
  if length <= excess then return forget(topic) end
  for _, entry in ipairs(redis.call('XRANGE', log, '-', '+', 'COUNT', excess)) do bytes = bytes + sizeOf(entry[2][4]) end
  redis.call('XTRIM', log, 'MAXLEN', length - excess)
  count(topic, -bytes)
end
local function store(topic, id, text, size, ttl, most)
  local log, time = prefix .. ':log:' .. topic, now()
  if redis.call('EXISTS', log) == 0 then forget(topic) end
  redis.call('XADD', log, id, 'until', string.format('%.0f', time + ttl), 'text', text)
  redis.call('PEXPIRE', log, ttl)
  redis.call('ZADD', order, time, topic)
  count(topic, sizeOf(text))
  local excess = redis.call('XLEN', log) - size
  if excess > 0 then drop(topic, excess) end
  while tonumber(redis.call('HGET', sizes, 'all')) > most do
    local oldest = redis.call('ZRANGE', order, 0, 0)[1]
    if not oldest then break end
    drop(oldest, 1)
  end
  redis.call('PEXPIRE', sizes, life)
  redis.call('PEXPIRE', order, life)
end
`

/** Numbers, stores and publishes messages, except those that an earlier attempt without a reply has published. */
const publish = `${head}${store}
local origin, most, renewal = ARGV[4], tonumber(ARGV[5]), ARGV[6]
if renewal ~= '' then redis.call('SET', renewed, renewal, 'PX', life) end
for i = 7, #ARGV, 6 do
  local topic, sequence, size, ttl = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  local epoch, _, meta = place(topic)
  local last = redis.call('HGET', meta, 'from:' .. origin)
  if not last or tonumber(sequence) > tonumber(last) then
    local number = redis.call('HINCRBY', meta, 'count', 1 + ARGV[i + 2])
    redis.call('HSET', meta, 'from:' .. origin, sequence)
    local text = origin .. ' ' .. sequence .. ' ' .. ARGV[i + 5]
    if size > 0 then store(topic, number .. '-0', text, size, ttl, most) end
    redis.call('PUBLISH', prefix .. ':to:' .. topic, epoch .. ' ' .. number .. ' ' .. text)
  end
end
return 1`

/** Publishes the positions of topics on the channel of a process, so that they arrive in order with messages. */
const locate = `${head}
for i = 5, #ARGV do
  local epoch, count = place(ARGV[i])
  redis.call('PUBLISH', ARGV[4], 'at ' .. epoch .. ' ' .. count .. ' ' .. ARGV[i])
end
return 1`

/** Returns the history of a topic after a position, and publishes a mark on the channel of the process. */
const read = `${head}
local topic, after = ARGV[6], ARGV[8]
local epoch, count = place(topic)
local first = '-'
if ARGV[7] == epoch then first = '(' .. after .. '-0' end
local found, limit = { epoch, tostring(count) }, now()
for _, entry in ipairs(redis.call('XRANGE', prefix .. ':log:' .. topic, first, '+')) do
  if tonumber(entry[2][2]) > limit then
    found[#found + 1] = string.sub(entry[1], 1, -3)
    found[#found + 1] = entry[2][4]
  end
end
redis.call('PUBLISH', ARGV[4], 'mark ' .. ARGV[5])
return found`

/** Publishes a mark on the channel of the process. */
const mark = `
redis.call('PUBLISH', ARGV[2], 'mark ' .. ARGV[3])
return 1`

/** Sets the announcements of a process, with alternating keys and values. An empty value withdraws a key. */
const announce = `
local prefix, origin, life = ARGV[1], ARGV[2], ARGV[3]
local hash = prefix .. ':process:' .. origin
for i = 4, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', hash, ARGV[i])
  else redis.call('HSET', hash, ARGV[i], ARGV[i + 1]) end
end
redis.call('SADD', prefix .. ':processes', origin)
return redis.call('PEXPIRE', hash, life)`

/** Withdraws all announcements of a process. */
const withdraw = `
redis.call('SREM', ARGV[1] .. ':processes', ARGV[2])
return redis.call('DEL', ARGV[1] .. ':process:' .. ARGV[2])`

/** Returns the announcements of other processes: the values under a key, or all keys. */
const presence = `
local prefix, origin, key = ARGV[1], ARGV[2], ARGV[3]
local found = {}
for _, process in ipairs(redis.call('SMEMBERS', prefix .. ':processes')) do
  local hash = prefix .. ':process:' .. process
  if process ~= origin then
    if redis.call('EXISTS', hash) == 0 then redis.call('SREM', prefix .. ':processes', process)
    elseif key then
      local value = redis.call('HGET', hash, key)
      if value then found[#found + 1] = value end
    else
      for _, name in ipairs(redis.call('HKEYS', hash)) do found[#found + 1] = name end
    end
  end
end
return found`

const scripts = { publish, locate, read, mark, announce, withdraw, presence } as const

const hashes = Object.fromEntries(
  Object.entries(scripts).map(([name, text]) => [name, createHash('sha1').update(text).digest('hex')]),
)

/**
 * Runs a script by its hash, or by its text when Redis does not have it.
 *
 * @param args The prefix and the other arguments of the script.
 */
export async function runScript(
  connection: RedisConnection,
  name: keyof typeof scripts,
  args: readonly [prefix: string, ...RedisArgument[]],
): Promise<RedisReply> {
  // In a cluster, a key selects the node. Otherwise there is no key, because ioredis would add its `keyPrefix` to it.
  const keys = connection.isCluster ? ['1', args[0]] : ['0']
  try {
    return await connection.call(args[0], ['EVALSHA', hashes[name], ...keys, ...args])
  } catch (error) {
    if (!String((error as Error).message).startsWith('NOSCRIPT')) throw error
    return connection.call(args[0], ['EVAL', scripts[name], ...keys, ...args])
  }
}
