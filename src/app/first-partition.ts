/** Who does what has to be done once for all processes: the owner of the first partition. */
import type { TopicPartition } from '../ingest/source.ts'

/** @param topics of the whole group. */
export function ownsFirst(owned: readonly TopicPartition[], topics: readonly string[]): boolean {
  const [first] = [...topics].sort()
  return owned.some(({ topic, partition }) => partition === 0 && topic === first)
}
