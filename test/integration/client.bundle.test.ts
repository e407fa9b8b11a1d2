import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

const page = readFileSync(join(root, 'docs/client.md'), 'utf8');

/** What may be in a page that uses the client: it, the documents, and two packages that know browsers. */
const allowed = [/^src\/client\//, /^src\/operations\//, /^node_modules\/(graphql|graphql-ws)\//];

test('the client is bundled for browsers without anything of the server or of Node, and as small as its page says', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(root, 'src/client/index.ts')],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser', // a module of Node fails to resolve
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const [{ contents }] = outputFiles as [(typeof outputFiles)[0]];
  const sizes = { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length };
  console.log(`the client: ${sizes.minified} bytes minified, ${sizes.gzipped} gzipped`);

  expect(Object.keys(metafile.inputs).filter((file) => !allowed.some((part) => part.test(file)))).toEqual([]);
  const [, minified, gzipped] = /it is (\d+) KB minified and (\d+) KB over the wire/.exec(page) ?? [];
  expect(Math.round(sizes.minified / 1_000)).toBeLessThanOrEqual(Number(minified));
  expect(Math.round(sizes.gzipped / 1_000)).toBeLessThanOrEqual(Number(gzipped));
});
