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
  /** `outer / inner: node, node`, by labels' first lines. */
  readonly frames: readonly string[];
}

const NODE = /^ {2}(?<id>n\d+)\["(?<label>[^"\n]*)"\]:::(?<className>[a-z]+)$/;
const EDGE = /^ {2}(?<from>n\d+) (?<arrow>-->|-\.->) (?<to>n\d+)$/;
const FRAME = /^ {2,}subgraph g\d+\["(?<name>[^"\n]*)"\]$/;
const MEMBER = /^ {4,}(?<id>n\d+)$/;
const CLASS = /^ {2}classDef (?<name>[a-z]+) (?:[a-z-]+:[#\w ]+)(?:,[a-z-]+:[#\w ]+)*$/;
/** Within quotes nothing but these is left as it is. */
const LABEL = /^(?:[\p{L}\p{N} _.,/×·…-]|#\d+;|<br\/>)*$/u;

function shown(label: string): string {
  return label
    .replaceAll('<br/>', '\n')
    .replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

interface OpenFrame {
  readonly path: string;
  readonly members: string[];
}

/** Reads a line that opens, fills or closes a frame; undefined when it is none. */
function readFrame(line: string, open: OpenFrame[]): OpenFrame | 'read' | undefined {
  const name = FRAME.exec(line)?.groups?.['name'];
  const id = MEMBER.exec(line)?.groups?.['id'];
  const around = open.at(-1);
  if (name !== undefined && LABEL.test(name)) {
    const path = around === undefined ? shown(name) : `${around.path} / ${shown(name)}`;
    open.push({ path, members: [] });
  } else if (id !== undefined && around !== undefined) around.members.push(id);
  else if (line.trim() === 'end') return open.pop();
  else return undefined;
  return 'read';
}

/** Reads the part of Mermaid's flowchart syntax that we write; throws on a line that is none of it. */
export function readFlowchart(text: string): ReadFlowchart {
  const [head, ...lines] = text.trimEnd().split('\n');
  if (head !== 'flowchart TD') throw new Error(`no flowchart: ${head}`);
  const nodes = new Map<string, ReadNode>();
  const edges: string[] = [];
  const classes: string[] = [];
  const frames: OpenFrame[] = [];
  const open: OpenFrame[] = [];
  for (const line of lines) {
    const frame = readFrame(line, open);
    if (typeof frame === 'object') frames.push(frame);
    if (frame !== undefined) continue;
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
  if (open.length > 0) throw new Error(`not closed: ${open.length}`);
  const first = (id: string): string => nodes.get(id)?.label.split('\n')[0] ?? 'nothing';
  return {
    nodes,
    edges,
    classes,
    frames: frames.map(({ path, members }) => `${path}: ${members.map(first).join(', ')}`),
  };
}
