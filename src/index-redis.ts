export {
  type IoRedisClient,
  type NodeRedisClient,
  RedisBroker,
  type RedisBrokerOptions,
  type RedisClient,
} from './room/broker/redis/broker.ts'
