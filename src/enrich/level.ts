/** The levels of a chain, which `|` separates and so must not occur in them. */

/** Replaces `|` by the broken bar, which looks alike and separates nothing. */
export function levelOf(text: string): string {
  return text.includes('|') ? text.replaceAll('|', '¦') : text
}
