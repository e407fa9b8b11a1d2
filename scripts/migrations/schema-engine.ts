import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';

const root = join(import.meta.dirname, '../..');

/** The files of Prisma's schema: what the product's code believes the database looks like. */
export const schemaFiles = globSync('prisma/**/*.prisma', { cwd: root })
  .sort()
  .map((path) => ({ path, content: readFileSync(join(root, path), 'utf8') }));

/** Runs `work` with Prisma's schema engine on a database. The engine is WebAssembly: nothing is downloaded. */
export async function withSchemaEngine<Result>(
  databaseUrl: string,
  work: (engine: SchemaEngine) => Promise<Result>,
): Promise<Result> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  registerPanics();
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(catalogAdapter(pool));
    const datamodels = schemaFiles.map(({ path, content }): [string, string] => [path, content]);
    using engine = await SchemaEngine.new({ datamodels }, () => {}, adapter);
    return await work(engine);
  } finally {
    await pool.end();
  }
}

/** SQL that would turn the database into what the schema says; null when it is that already. */
export function schemaDifference(databaseUrl: string): Promise<string | null> {
  return withSchemaEngine(databaseUrl, async (engine) => {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files: schemaFiles, configDir: join(root, 'prisma') },
      to: { tag: 'schemaDatamodel', files: schemaFiles },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 0 ? null : (stdout ?? '');
  });
}

const charOid = 18;
const charArrayOid = 1002;

/**
 * The engine reads PostgreSQL's catalog, whose letters are of the type "char". The adapter knows only arrays of it, so a column is
 * passed through as such an array and named a single letter afterwards.
 */
function catalogAdapter(pool: pg.Pool): PrismaPg {
  // The adapter calls `query` in this one of its many forms.
  const query = pool.query.bind(pool) as (config: pg.QueryConfig) => Promise<pg.QueryResult | pg.QueryResult[]>;
  const queryCatalog = async (config: pg.QueryConfig) => {
    const result = await query(config);
    for (const field of [result].flat().flatMap(({ fields }) => fields ?? [])) {
      field.dataTypeID = field.dataTypeID === charOid ? charArrayOid : field.dataTypeID;
    }
    return result;
  };
  const factory = new PrismaPg(Object.assign(pool, { query: queryCatalog }));
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (statement) => {
      const { columnTypes, ...result } = await queryRaw(statement);
      return { ...result, columnTypes: columnTypes.map(singleLetter) };
    };
    return adapter;
  };
  return factory;
}

function singleLetter<Type extends number>(type: Type): Type | typeof ColumnTypeEnum.Character {
  return type === ColumnTypeEnum.CharacterArray ? ColumnTypeEnum.Character : type;
}

/** Where the engine leaves the reason when it gives up; without it the reason is lost. */
function registerPanics(): void {
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) },
  });
}
