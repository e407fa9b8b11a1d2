import { basename, extname } from 'node:path';
import { type Client, ImportTenantsDocument } from '../../client/index.ts';
import { top } from './levels.ts';
import { type Plan, planImport } from './plan.ts';
import { findRoot, type ImportRoot, listPresent } from './present.ts';
import { readRows } from './rows.ts';
import { slugFrom } from './slugs.ts';
import { ImportError, TenantWriter } from './writer.ts';

export interface ImportOptions {
  readonly client: Client;
  readonly file: string;
  /** Slug of the tenant to import beneath, created as a root where it doesn't exist. */
  readonly root: string | null;
  readonly observer: ImportObserver;
}

/** Hears how far the import is. */
export interface ImportObserver {
  planned(plan: Plan): void;
  /** The tenant everything goes beneath was there before. */
  continuing(root: ImportRoot, slug: string, present: number): void;
  progress(done: number): void;
  /** It failed on the way. */
  stopped(created: number): void;
}

export interface ImportResult {
  readonly rootSlug: string;
  readonly created: number;
  /** Rows whose tenants were there before. */
  readonly present: number;
  /** Levels in the file. */
  readonly depth: number;
  readonly seconds: number;
}

/** Loads a hierarchy through the API. Running it again creates only what is missing. */
export async function importTree(options: ImportOptions): Promise<ImportResult> {
  const { client, file, observer } = options;
  const started = performance.now();
  const plan = await readPlan(options);
  observer.planned(plan);
  const rootSlug = plan.root ?? plan.slugs.of(plan.parents.indexOf(top));
  const { rootId, present } = await openRoot(options, plan, rootSlug);
  const writer = new TenantWriter({ client, plan, rootId, present, onProgress: observer.progress });
  try {
    for (let pass = 1; pass <= plan.passes; pass += 1) {
      await runPass(file, plan, pass, writer);
    }
  } catch (error) {
    await writer.settle();
    observer.stopped(writer.created);
    throw error;
  }
  const seconds = (performance.now() - started) / 1_000;
  return { rootSlug, created: writer.created, present: writer.present, depth: plan.depth, seconds };
}

const problemsShown = 20;

async function readPlan({ file, root }: ImportOptions): Promise<Plan> {
  const stem = stemOf(file);
  const plan = await planImport((report) => readRows(file, report), { wanted: root, otherwise: slugFrom(stem, stem) });
  const { problems } = plan;
  if (problems.length > 0) {
    const lines = problems.slice(0, problemsShown).map(({ line, message }) => `  line ${line}: ${message}`);
    const more = problems.length > problemsShown ? [`  … and ${problems.length - problemsShown} more`] : [];
    throw new ImportError([`${file} can't be imported, and nothing was written:`, ...lines, ...more].join('\n'));
  }
  if (plan.size === 0) {
    throw new ImportError(`${file} has no rows`);
  }
  return plan;
}

interface OpenRoot {
  readonly rootId: string | null;
  readonly present: Map<string, string>;
}

async function openRoot(options: ImportOptions, plan: Plan, slug: string): Promise<OpenRoot> {
  const { client, observer } = options;
  const found = await findRoot(client, slug);
  if (found !== null) {
    const present = await listPresent(client, found.id);
    observer.continuing(found, slug, present.size);
    return plan.root === null ? { rootId: null, present: present.set(slug, found.id) } : { rootId: found.id, present };
  }
  return { rootId: plan.root === null ? null : await createRoot(options, slug), present: new Map() };
}

async function createRoot({ client, file, root }: ImportOptions, slug: string): Promise<string | null> {
  const name = root ?? stemOf(file);
  const { createTenants } = await client.mutate(ImportTenantsDocument, { tenants: [{ name, slug, parentId: null }] });
  return createTenants?.[0]?.id ?? null;
}

function stemOf(file: string): string {
  return basename(file, extname(file));
}

async function runPass(file: string, plan: Plan, pass: number, writer: TenantWriter): Promise<void> {
  let index = 0;
  for await (const row of readRows(file)) {
    if (plan.pass[index] === pass) {
      await writer.add(row, index);
    }
    index += 1;
  }
  await writer.finish();
}
