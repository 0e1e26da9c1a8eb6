/** Hostile text made printable: values of events must not steer a terminal, a chat or a reader's eye. */

/** C0 and C1 controls, bidirectional overrides and isolates, line and paragraph separators, zero-width and BOM. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** Removes what could move a cursor or reverse reading order. Newlines are removed too. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '').toWellFormed()
}

/** Printable and at most `charsMax` UTF-16 units, with an ellipsis where it was cut; never cuts a surrogate pair. */
export function clip(text: string, charsMax: number): string {
  const clean = printable(text)
  if (clean.length <= charsMax) return clean
  return `${clean.slice(0, Math.max(0, charsMax - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}

/** `Brazil (BR)`; the text itself where it is no country code or none that is known. */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code
  const name = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' }).of(code)
  return name === undefined ? code : `${name} (${code})`
}
