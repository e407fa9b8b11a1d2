import { InvalidArgumentError } from 'commander';
import { isUuid } from '../domain/validation.ts';

/** As ISO 8601, which the operations want. */
export function toMoment(text: string): string {
  const [, count = '', unit = ''] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  const hours = { h: 1, d: 24, w: 168 }[unit];
  const moment = hours === undefined ? dateOf(text) : new Date(Date.now() + Number(count) * hours * 3_600_000);
  if (Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('A date such as 2027-01-31, or a time from now such as 12h, 90d or 4w.');
  }
  return moment.toISOString();
}

const isoDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** `Date` alone takes 2027-02-30 for a day in March, and "90" for a year; such a date is none. */
function dateOf(text: string): Date {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const isDay = isoDate.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  return new Date(isDay ? text : Number.NaN);
}

export function toCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError('A whole number.');
  }
  return Number(text);
}

/** How many of something, where none makes no sense. */
export function toLimit(text: string): number {
  const limit = toCount(text);
  if (limit === 0) {
    throw new InvalidArgumentError('A whole number, 1 or more.');
  }
  return limit;
}

export function toUuid(text: string): string {
  if (!isUuid(text)) {
    throw new InvalidArgumentError('It is named by its id, a UUID.');
  }
  return text.toLowerCase();
}

export function toList(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** A list of words of which each must be one of `known`. */
export function toWords<Word extends string>(known: readonly Word[]): (text: string) => Word[] {
  return (text) => {
    const list = toList(text);
    const unknown = list.filter((one) => !(known as readonly string[]).includes(one));
    if (unknown.length > 0 || list.length === 0) {
      throw new InvalidArgumentError(`One or more of ${known.join(', ')}, separated by commas.`);
    }
    return list as Word[]; // just checked
  };
}

/** One of some words that the API writes in capitals, however it is typed. */
export function toWord<Word extends string>(known: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = known.find((one) => one === text.toUpperCase());
    if (word === undefined) {
      throw new InvalidArgumentError(`One of ${known.join(', ')}.`);
    }
    return word;
  };
}

export function toJsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
  } catch {
    // said below
  }
  throw new InvalidArgumentError('A JSON object.');
}
