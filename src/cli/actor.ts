/** Who does it: for the commands that write down what people did. */
import { userInfo } from 'node:os'

/** '' in a container whose user has no name. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}
