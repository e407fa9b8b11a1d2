import { randomBytes } from 'node:crypto';
import { migrate } from '../src/db/migrate.ts';
import { createDatabase, dropDatabase, openScratchServer } from '../test/support/scratch-server.ts';
import { schemaDifference } from './migrations/schema-engine.ts';

/**
 * Proves that the migrations make what `prisma/schema.prisma` and `prisma/models` describe. What Prisma can't describe (collations,
 * checks, triggers, functions, partial and expression indexes) is not compared.
 *
 *     node scripts/check-migrations.ts         fails when they differ
 *     node scripts/check-migrations.ts --sql   prints what a next migration has to do, to begin it with
 */
const printOnly = process.argv.includes('--sql');
const server = await openScratchServer();
const name = `stratum_check_${randomBytes(6).toString('hex')}`;
try {
  const url = await createDatabase(server.url, name);
  await migrate(url);
  report(await schemaDifference(url));
} finally {
  await dropDatabase(server.url, name).finally(() => server.stop());
}

function report(difference: string | null): void {
  if (difference === null) {
    return;
  }
  console.log(difference);
  if (!printOnly) {
    console.error('the migrations do not make what the Prisma schema says; the SQL above is what they lack');
    process.exitCode = 1;
  }
}
