/** What the rest of the program sees of ClickHouse: queries with parameters and blocks with tokens, nothing more. */
import type { z } from 'zod'
import type { Column } from './native.ts'

/**
 * Values for `{name: Type}` placeholders, each at most 128 KiB of text: ask in batches of ids. Values never reach the
 * text of a query in another way.
 */
export type QueryParams = Readonly<Record<string, unknown>>

/** All methods throw ClickHouseError, or the signal's reason once it is aborted. None of them tries again. */
export interface Database extends AsyncDisposable {
  /** The database's name; unqualified tables are looked up in it. */
  readonly name: string
  /** The server's version, such as `26.7.2.1`. */
  readonly version: string
  /**
   * Rows of a SELECT, each checked against the schema (a mismatch is a ZodError: our mistake). Times come as RFC 3339
   * text, 64-bit integers as numbers.
   */
  query<T>(sql: string, params: QueryParams, rowSchema: z.ZodType<T>, signal?: AbortSignal): Promise<T[]>
  /**
   * A SELECT with its own FORMAT, as bytes, as they come: for results that are too large to be held. Breaks off with an
   * error where the server does.
   */
  stream(sql: string, params: QueryParams, signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** A statement without rows. With an insert token, for `INSERT ... SELECT`, it is pinned as `insert` is. */
  command(sql: string, params?: QueryParams, options?: { insertToken?: string; signal?: AbortSignal }): Promise<void>
  /**
   * Inserts one block. Where the same token was inserted into this table's partition before, the table drops it,
   * whatever it holds; each view's target that lacks it takes it. So a failed insert is repeated as it was.
   */
  insert(
    table: string,
    columns: readonly Column[],
    rows: number,
    insertToken: string,
    signal?: AbortSignal,
  ): Promise<void>
  /** Throws where the server does not answer or refuses the credentials. */
  ping(signal?: AbortSignal): Promise<void>
  /** Creates the database itself where it is missing. */
  create(): Promise<void>
  close(): Promise<void>
}
