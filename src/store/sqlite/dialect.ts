/** Kysely over the database's thread. Owns the adapter and the tables' types; runs no SQL of its own. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Row, SqlValue } from "./protocol.ts";
import type { Tables } from "./tables.ts";

/** Runs one statement somewhere and answers with its rows. */
export type Execute = (sql: string, parameters: readonly SqlValue[]) => Promise<readonly Row[]>;

/** A query builder whose statements go through `execute`, one at a time; it has no transactions. */
export function queriesOver(execute: Execute): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driverOver(execute),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect });
}

function driverOver(execute: Execute): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const rows = await execute(query.sql, query.parameters.map(bindable));
      return { rows: rows as readonly R[] as R[] };
    },
    streamQuery: () => unsupported("streams"),
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    beginTransaction: async () => unsupported("transactions"),
    commitTransaction: async () => unsupported("transactions"),
    rollbackTransaction: async () => unsupported("transactions"),
    destroy: async () => {},
  };
}

function bindable(value: unknown): SqlValue {
  if (typeof value === "string" || typeof value === "number" || value === null) return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite is given text, numbers, bytes and null here, not ${typeof value}.`);
}

function unsupported(what: string): never {
  throw new Error(`The SQLite store has no ${what} over its thread.`);
}
