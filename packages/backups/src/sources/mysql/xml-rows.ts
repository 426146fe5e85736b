import type { AnswerRow } from '../servers/server-source.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
};

function plain(text: string): string {
  return text.replaceAll(/&(?:lt|gt|amp|quot);/g, (entity) => ENTITIES[entity] ?? entity);
}

const FIELD = /<field name="([^"]*)"(?: xsi:nil="true" \/>|>([^<]*)<\/field>)/g;

/** Reads what the client prints with `--xml`: texts, and null where there is none. Of several answers, the last. */
export function parseXmlRows(xml: string): AnswerRow[] {
  const answer = xml.slice(Math.max(xml.lastIndexOf('<resultset '), 0));
  const rows = answer.split(/\n {2}<row>\n/).slice(1);
  return rows.map((row) =>
    Object.fromEntries(
      [...row.matchAll(FIELD)].map(([, name = '', value]) => [
        plain(name),
        value === undefined ? null : plain(value),
      ]),
    ),
  );
}
