import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImportObserver, importTree } from '../../src/cli/import/run.ts';
import type { Budget } from './budget.ts';
import { type Product, startProduct, timed } from './product.ts';
import { median } from './statistics.ts';

const size = 10_000;
const rounds = 3;
const limit = 10;

/** A file's way into an empty table: through the API as `npm run demo -- import` takes it, against COPY of the same rows. */
export const imports: Budget = async ({ postgres, folder }) => {
  await using product = await startProduct(await postgres.create());
  const file = join(folder, 'hierarchy.csv');
  await writeFile(file, hierarchy());
  await importOnce(product, file);
  const taken: Taken[] = [];
  for (let round = 0; round < rounds; round += 1) {
    taken.push(await takeRound(product, file, join(folder, `rows-${round}`)));
  }
  const { api, copy, bareCopy } = mediansOf(taken);
  const resultOf = (baseline: number, name: string) => ({
    what: `import of ${size} tenants through the API`,
    measured: `${Math.round(api)} ms`,
    baseline: `${Math.round(baseline)} ms ${name}`,
    ratio: `${(api / baseline).toFixed(1)} ×`,
  });
  return [
    { ...resultOf(copy, 'COPY'), limit: `≤ ${limit} ×`, ok: api <= limit * copy },
    { ...resultOf(bareCopy, 'COPY without triggers'), limit: '', ok: null },
  ];
};

interface Taken {
  readonly api: number;
  readonly copy: number;
  readonly bareCopy: number;
}

function mediansOf(taken: readonly Taken[]): Taken {
  const middle = (of: keyof Taken) => median(taken.map((one) => one[of]));
  return { api: middle('api'), copy: middle('copy'), bareCopy: middle('bareCopy') };
}

/** A root with ten children, each with ten children, and so on. */
function hierarchy(): string {
  const rows = Array.from(
    { length: size },
    (_, n) => `${n},${n === 0 ? '' : Math.floor((n - 1) / 10)},Tenant ${n},t_${n}`,
  );
  return ['id,parent,name,slug', ...rows].join('\n');
}

/** The server itself reads and writes the file, so nothing but the rows is measured. */
async function takeRound(product: Product, file: string, rowsFile: string): Promise<Taken> {
  const { sql } = product;
  const api = await importOnce(product, file);
  await sql.query(`copy (select * from tenants order by depth, key) to '${rowsFile}'`);
  const copyInto = async () => {
    await sql.query('truncate tenants cascade');
    return timed(() => sql.query(`copy tenants from '${rowsFile}'`));
  };
  const copy = await copyInto();
  await sql.query(`set session_replication_role = 'replica'`);
  const bareCopy = await copyInto();
  await sql.query('reset session_replication_role');
  return { api, copy, bareCopy };
}

async function importOnce({ client, sql }: Product, file: string): Promise<number> {
  await sql.query('truncate tenants cascade');
  return timed(() => importTree({ client, file, root: null, observer: silent }));
}

const silent: ImportObserver = { planned: () => {}, continuing: () => {}, progress: () => {}, stopped: () => {} };
