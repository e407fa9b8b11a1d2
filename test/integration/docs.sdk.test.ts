import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import { GraphqlWorld, type Json, uniqueSlug } from '../support/graphql-world.ts';
import { type Folder, linkPackage, strangersFolder } from '../support/packed.ts';
import { until } from '../support/sdk-program.ts';
import { freePort } from '../support/server-process.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/sdk.md'), 'utf8');
/** The files that the page shows, by the names in their first lines. */
const files = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, name = '', text = '']) => [name, text] as const,
);
const [said = ''] = [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
const secret = 'a secret that both sides of this test know';

let world: GraphqlWorld;
let url: string;
let folder: Folder;
const children: ChildProcess[] = [];
beforeAll(async () => {
  world = await GraphqlWorld.open();
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
  folder = await strangersFolder();
  const nest = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata'];
  const others = ['express', '@types/express', 'hono', '@hono/node-server', 'typescript', '@types/node'];
  await linkPackage(folder.path, [...nest, ...others]);
  for (const [name, text] of files) {
    await folder.write(name, text);
  }
  // What NestJS has its own tools for: its decorators need a compiler.
  await build({
    entryPoints: [join(folder.path, 'nest.ts')],
    outfile: join(folder.path, 'nest.js'),
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    format: 'esm',
  });
}, 120_000);
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill();
    await once(child, 'close');
  }
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const environment = () => ({ STRATUM_URL: url, STRATUM_API_KEY: developmentKey, JWT_SECRET: secret });

async function tokenOf(tenant_id: string): Promise<Record<string, string>> {
  const token = new SignJWT({ tenant_id }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('5m');
  return { authorization: `Bearer ${await token.sign(new TextEncoder().encode(secret))}` };
}

/** Starts a program of the page that serves requests; gives what asks it. */
async function serve(name: string, more: Record<string, string> = {}) {
  const port = String(await freePort());
  const env = { PATH: process.env['PATH'], ...environment(), PORT: port, ...more };
  const child = spawn(process.execPath, [name], { cwd: folder.path, env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ask = async (headers: Record<string, string>, path = ''): Promise<Json> => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers });
    return { status: response.status, body: await response.json() };
  };
  await until(() =>
    ask({}).then(
      () => true,
      () => false,
    ),
  );
  return { ask, output: () => output };
}

test('every program of the page is correct under strict settings', async () => {
  const strict = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--noEmit'];
  const modern = [
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--allowImportingTsExtensions',
    '--experimentalDecorators',
  ];
  const programs = files.map(([name]) => name);
  expect(programs).toHaveLength(9);
  await folder.run(process.execPath, [
    join(root, 'node_modules/.bin/tsc'),
    ...strict,
    ...modern,
    '--types',
    'node',
    ...programs,
  ]);
}, 120_000);

test.each(['express.ts', 'fastify.ts', 'hono.ts', 'nest.js'])(
  '%s serves the tenant of a token, and sees what changes above it',
  async (name) => {
    const [acme, store] = await world.line(['acme', 'store']);
    await world.config(acme!, { theme: 'midnight' });
    const { ask } = await serve(name);
    const headers = await tokenOf(store!.id);
    expect(await ask(headers)).toEqual({ status: 200, body: { tenant: store!.id, theme: 'midnight' } });
    await world.config(acme!, { theme: 'noon' });
    await until(async () => (await ask(headers)).body.theme === 'noon');
    expect(await ask({})).toMatchObject({ status: 400, body: { error: { code: 'MISSING_TENANT' } } });
    expect(await ask({ authorization: 'Bearer nonsense', 'x-tenant-id': store!.id })).toMatchObject({ status: 401 });
  },
);

test('paths that NestJS is told to leave out need no tenant', async () => {
  const { ask } = await serve('nest.js');
  expect(await ask({}, 'health')).toEqual({ status: 200, body: { ok: true } });
});

test('a route handler of Next.js is given the tenant beside what it is given anyway', async () => {
  const { id } = await world.tenant();
  const program = `
    import { GET } from './app/[page]/route.ts';
    import { tenants } from './tenants.ts';
    const ask = async (headers) => {
      const answer = await GET(new Request('http://localhost/'), { params: Promise.resolve({ page: 'one' }) });
      const known = await GET(new Request('http://localhost/', { headers }), { params: Promise.resolve({ page: 'one' }) });
      console.log(JSON.stringify([answer.status, await known.json()]));
    };
    await ask(JSON.parse(process.argv[2]));
    tenants.close();`;
  await folder.write('next.mjs', program);
  const output = await folder.run(process.execPath, ['next.mjs', JSON.stringify(await tokenOf(id))], environment());
  expect(JSON.parse(output)).toEqual([400, { page: 'one', tenant: id }]);
});

test('who is of the support acts for others, and nobody else', async () => {
  const [support, customer] = [await world.tenant(), await world.tenant()];
  const { ask, output } = await serve('support.ts', { SUPPORT_TENANT: support.id });
  const acting = { ...(await tokenOf(support.id)), 'x-impersonate-tenant': customer.id };
  const body = { tenant: customer.id, impersonating: true, originalTenantId: support.id };
  expect(await ask(acting)).toEqual({ status: 200, body });
  expect(output()).toContain(`${support.id} acts for ${customer.id}`);
  const refused = { ...(await tokenOf(customer.id)), 'x-impersonate-tenant': support.id };
  expect(await ask(refused)).toMatchObject({ status: 403, body: { error: { code: 'IMPERSONATION_DENIED' } } });
});

test('the SDK loads nothing of the server', async () => {
  const program = `import { registerHooks } from 'node:module';
    const loaded = []; registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    await import('stratum-graphql/sdk'); console.log(JSON.stringify(loaded))`;
  const loaded: string[] = JSON.parse(await folder.run(process.execPath, ['--input-type=module', '--eval', program]));
  const packages = loaded.flatMap((it) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(it)?.[1] ?? []);
  expect(new Set(packages)).toEqual(new Set(['stratum-graphql', 'graphql', 'graphql-ws', 'jose', 'lru-cache']));
  expect(loaded.filter((it) => /stratum-graphql\/dist\/(?!sdk|client|operations|verify-token)/.test(it))).toEqual([]);
});

test('a job runs in the context of a tenant, and ends', async () => {
  const { id } = await world.tenant({ slug: uniqueSlug() });
  await world.config({ id }, { theme: 'midnight' });
  expect(await folder.run(process.execPath, ['job.ts', id], environment())).toBe('midnight\n');
});

test('the program that uses the client says what the page says', async () => {
  expect(await folder.run(process.execPath, ['onboarding.ts'], environment())).toBe(said);
});
