import { readFileSync } from 'node:fs';

/**
 * Turns the country codes of Debian's `iso-codes` package into a hierarchy that `npm run demo -- --import` loads: the world, its
 * countries, their subdivisions.
 *
 *     npx node scripts/iso-to-csv.ts iso_3166-1.json iso_3166-2.json > world.csv
 */
interface Country {
  readonly alpha_2: string;
  readonly name: string;
}

interface Subdivision {
  readonly code: string;
  readonly name: string;
  /** Code of the subdivision it is part of, with or without the country's in front: `GB-ENG`, or `NX` for `AZ-NX`. */
  readonly parent?: string;
}

const world = 'world';

const [countriesFile, subdivisionsFile] = process.argv.slice(2);
if (countriesFile === undefined || subdivisionsFile === undefined) {
  console.error('usage: node scripts/iso-to-csv.ts <iso_3166-1.json> <iso_3166-2.json>');
  process.exitCode = 2;
} else {
  const countries = readList<Country>(countriesFile, '3166-1');
  const subdivisions = readList<Subdivision>(subdivisionsFile, '3166-2');
  const rows = [
    ['id', 'parent', 'name'],
    [world, '', 'World'],
    ...countries.map(({ alpha_2, name }) => [alpha_2, world, name]),
    ...subdivisions.map((subdivision) => [subdivision.code, parentOf(subdivision), subdivision.name]),
  ];
  process.stdout.write(rows.map((row) => `${row.map(quoted).join(',')}\n`).join(''));
}

function readList<Item>(file: string, key: string): readonly Item[] {
  return JSON.parse(readFileSync(file, 'utf8'))[key];
}

function parentOf({ code, parent }: Subdivision): string {
  const country = code.slice(0, code.indexOf('-'));
  if (parent === undefined) {
    return country;
  }
  return parent.includes('-') ? parent : `${country}-${parent}`;
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
