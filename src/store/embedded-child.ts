/**
 * The process that a ClickHouse lives in where no server was given: it hands its arguments to libchdb, whose query
 * blocks on standard input. When the parent closes that pipe, or dies, the query ends and the server shuts down.
 */
import { DataType, load, open } from 'ffi-rs'

const [library = '', ...args] = process.argv.slice(2)
open({ library: 'chdb', path: library })
load({
  library: 'chdb',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
})
