import { mkdir, open, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';

/** A file as it should be; its path is relative to the project. */
export interface PlannedFile {
  readonly path: string;
  readonly content: string;
}

/** A planned file against what is there. */
export interface Change extends PlannedFile {
  readonly action: 'create' | 'replace' | 'extend' | 'keep';
  /** What is there now; null when nothing is. */
  readonly before: string | null;
}

/** What would happen to each file. Nothing is changed. */
export async function planChanges(folder: string, files: readonly PlannedFile[]): Promise<Change[]> {
  return Promise.all(
    files.map(async (file) => {
      const before = await readOrNull(folder, file.path);
      return { ...file, before, action: before === null ? 'create' : before === file.content ? 'keep' : 'replace' };
    }),
  );
}

/** A variable of the environment, for a file that shows what to set. */
export interface Setting {
  readonly name: string;
  /** An example; without one the line is commented out. */
  readonly value?: string;
  readonly comment: string;
}

/** The settings that such a file lacks, behind what it has: that stays as it is. */
export async function planSettings(folder: string, path: string, settings: readonly Setting[]): Promise<Change> {
  const before = await readOrNull(folder, path);
  const there = new Set((before ?? '').split('\n').map((line) => /^[#\s]*(\w+)\s*=/.exec(line)?.[1]));
  const missing = settings.filter(({ name }) => !there.has(name));
  const gap = before === null || before === '' || before.endsWith('\n') ? '' : '\n';
  const content = `${before ?? ''}${gap}${missing.map(linesOf).join('')}`;
  return { path, content, before, action: before === null ? 'create' : missing.length === 0 ? 'keep' : 'extend' };
}

function linesOf({ name, value, comment }: Setting): string {
  return `# ${comment}\n${value === undefined ? `# ${name}=` : `${name}=${value}`}\n`;
}

/** Makes all changes or none: when one fails, those before it are undone. */
export async function writeChanges(folder: string, changes: readonly Change[]): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const { path, content, before } of changes.filter(({ action }) => action !== 'keep')) {
      const file = join(folder, path);
      const made = await mkdir(dirname(file), { recursive: true });
      if (made !== undefined) {
        undo.push(() => rm(made, { recursive: true }));
      }
      // A file that came in the meantime is not ours to replace.
      const opened = await open(file, before === null ? 'wx' : 'w');
      undo.push(() => (before === null ? rm(file) : writeFile(file, before)));
      await opened.writeFile(content).finally(() => opened.close());
    }
  } catch (error) {
    for (const step of undo.reverse()) {
      await step();
    }
    throw error;
  }
}

/** What is at a path of a project; null for nothing. @throws When a link leads out of the project: what is there is none of ours. */
async function readOrNull(folder: string, path: string): Promise<string | null> {
  const file = join(folder, path);
  try {
    const place = relative(await realpath(folder), await nearest(file));
    if (place.startsWith('..') || isAbsolute(place)) {
      throw new Error(`nothing was changed: ${path} is a link that leads out of ${folder}`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

/** Where a file really is, or the folder that it would be made in. */
function nearest(path: string): Promise<string> {
  return realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return nearest(dirname(path));
    }
    throw error;
  });
}
