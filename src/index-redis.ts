export {
  type IoRedisClient,
  type IoRedisCluster,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  RedisBroker,
  type RedisBrokerOptions,
  type RedisClient,
} from './room/broker/redis/broker.ts'
