/** A node of a flowchart as Mermaid reads it. */
export interface ReadNode {
  readonly label: string;
  readonly className: string;
}

/** A flowchart as Mermaid reads it. */
export interface ReadFlowchart {
  readonly nodes: ReadonlyMap<string, ReadNode>;
  /** `from -.-> to`, by labels' first lines. */
  readonly edges: readonly string[];
  readonly classes: readonly string[];
}

const NODE = /^ {2}(?<id>n\d+)\["(?<label>[^"\n]*)"\]:::(?<className>[a-z]+)$/;
const EDGE = /^ {2}(?<from>n\d+) (?<arrow>-->|-\.->) (?<to>n\d+)$/;
const CLASS = /^ {2}classDef (?<name>[a-z]+) (?:[a-z-]+:[#\w ]+)(?:,[a-z-]+:[#\w ]+)*$/;
/** Within quotes nothing but these is left as it is. */
const LABEL = /^(?:[\p{L}\p{N} _.,/×·…-]|#\d+;|<br\/>)*$/u;

function shown(label: string): string {
  return label
    .replaceAll('<br/>', '\n')
    .replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

/** Reads the part of Mermaid's flowchart syntax that we write; throws on a line that is none of it. */
export function readFlowchart(text: string): ReadFlowchart {
  const [head, ...lines] = text.trimEnd().split('\n');
  if (head !== 'flowchart TD') throw new Error(`no flowchart: ${head}`);
  const nodes = new Map<string, ReadNode>();
  const edges: string[] = [];
  const classes: string[] = [];
  for (const line of lines) {
    const node = NODE.exec(line)?.groups;
    const edge = EDGE.exec(line)?.groups;
    const name = CLASS.exec(line)?.groups?.['name'];
    if (node !== undefined && LABEL.test(node['label'] ?? '')) {
      const { id = '', label = '', className = '' } = node;
      if (nodes.has(id)) throw new Error(`twice: ${id}`);
      nodes.set(id, { label: shown(label), className });
    } else if (edge !== undefined) {
      const title = (id = ''): string => {
        const known = nodes.get(id);
        if (known === undefined) throw new Error(`an edge to nothing: ${line}`);
        return known.label.split('\n')[0] ?? '';
      };
      edges.push(`${title(edge['from'])} ${edge['arrow']} ${title(edge['to'])}`);
    } else if (name === undefined) throw new Error(`not understood: ${line}`);
    else classes.push(name);
  }
  for (const { className } of nodes.values()) {
    if (!classes.includes(className)) throw new Error(`no colour for ${className}`);
  }
  return { nodes, edges, classes };
}
