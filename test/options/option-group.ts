/** Where options of one kind are declared, and where they are read. */
export interface OptionGroup {
  readonly title: string;
  /** Who takes them, in a sentence. */
  readonly taken: string;
  /** The interfaces that declare them, in the order of the page. */
  readonly declared: readonly { readonly file: string; readonly names: readonly string[] }[];
  /** The function that reads them: in it, an option can be made to count as left out. */
  readonly read: {
    readonly file: string;
    /** Matches up to the opening brace of the function's body. */
    readonly head: RegExp;
    /** The variable that holds them. */
    readonly variable: string;
  };
}
