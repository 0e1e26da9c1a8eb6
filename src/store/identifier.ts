/** The only ways in which anything but a parameter gets into the text of a statement. */

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** A name of a table, column or database, quoted. Throws RangeError where it is not letters, digits and underscores. */
export function identifier(name: string): string {
  if (!IDENTIFIER.test(name)) throw new RangeError('not an identifier: letters, digits and underscores are allowed')
  return `\`${name}\``
}

/**
 * Fills `{{name}}` placeholders of a migration with whole numbers, the one thing that DDL takes no parameters for and
 * migrations need. Throws RangeError for anything else and for a placeholder without a value.
 */
export function substitute(sql: string, numbers: Readonly<Record<string, number>>): string {
  return sql.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = numbers[name]
    if (value === undefined || !Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`{{${name}}} must be a whole number`)
    return String(value)
  })
}
