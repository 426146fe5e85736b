import { print, type Figure } from './harness.ts';

/** Parts of a benchmark by name. Each is loaded, and its servers are started, when its turn comes. */
export type Sections = { readonly [name: string]: () => Promise<Figure[]> };

/** Runs the sections that were asked for, by default all, and prints what they found. */
export async function runSections(
  sections: Sections,
  asked: readonly string[],
  json: boolean,
): Promise<void> {
  const wanted = asked.length === 0 ? Object.keys(sections) : asked;
  const unknown = wanted.filter((name) => !Object.hasOwn(sections, name));
  if (unknown.length > 0) {
    const known = Object.keys(sections).join(', ');
    console.error(`There is no section ${unknown.join(', ')}. There are: ${known}.`);
    process.exit(2);
  }
  const figures: Figure[] = [];
  for (const name of wanted) figures.push(...(await sections[name]!()));
  print(figures, json);
}
