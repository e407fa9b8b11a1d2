import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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
      const before = await readOrNull(join(folder, file.path));
      return { ...file, before, action: before === null ? 'create' : before === file.content ? 'keep' : 'replace' };
    }),
  );
}

/** The lines that a file of `NAME=value` lacks, behind what it has: that stays as it is. */
export async function planSettings(folder: string, path: string, lines: readonly string[]): Promise<Change> {
  const before = await readOrNull(join(folder, path));
  const missing = lines.filter((line) => !hasSetting(before ?? '', line));
  const gap = before === null || before === '' || before.endsWith('\n') ? '' : '\n';
  const content = `${before ?? ''}${gap}${missing.map((line) => `${line}\n`).join('')}`;
  return { path, content, before, action: before === null ? 'create' : missing.length === 0 ? 'keep' : 'extend' };
}

function hasSetting(text: string, line: string): boolean {
  const name = line.slice(0, line.indexOf('=') + 1);
  return text.split('\n').some((one) => one.replace(/^[#\s]*/, '').startsWith(name));
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
      undo.push(() => (before === null ? rm(file, { force: true }) : writeFile(file, before)));
      // A file that came in the meantime is not ours to replace.
      await writeFile(file, content, { flag: before === null ? 'wx' : 'w' });
    }
  } catch (error) {
    for (const step of undo.reverse()) {
      await step();
    }
    throw error;
  }
}

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}
