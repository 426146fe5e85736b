import type { RunId } from './ids.ts';
import type { JsonValue } from './json.ts';
import type { EpochMs } from './state.ts';

/** What an artifact shows. */
export type ArtifactBody =
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly JsonValue[])[];
    }
  | { readonly kind: 'markdown'; readonly markdown: string }
  | { readonly kind: 'link'; readonly href: string; readonly text?: string }
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly total?: number;
      readonly unit?: string;
      /** Units a second. */
      readonly rate?: number;
      /** When all will be done, at this rate. */
      readonly eta?: EpochMs;
    };

/** Something that a run leaves for people to look at. A later one under the same key replaces it. */
export interface RunArtifact {
  readonly runId: RunId;
  readonly rootId: RunId;
  readonly generation: number;
  /** Unique within the run. */
  readonly key: string;
  readonly at: EpochMs;
  /** One sentence for people. */
  readonly description?: string;
  readonly body: ArtifactBody;
}
