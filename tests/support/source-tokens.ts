// TypeScript source as a row of tokens, exact enough to ask what a file names and imports: comments are left out,
// strings, templates and regular expressions are told from code. Knows nothing of grammar.

export interface Token {
  /** `string` is a literal's content, `code` a name, a number or one punctuation mark. */
  readonly kind: "string" | "code";
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

const NAME = /[\p{ID_Start}$_#0-9][\p{ID_Continue}$\u200c\u200d]*/uy;
const LINE_COMMENT = /\/\/.*|#!.*/y;
const BLOCK_COMMENT = /\/\*[^]*?\*\//y;
const STRING = /"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
/** Part of a template up to its end, or up to the code inside of it. */
const TEMPLATE_TEXT = /(?:\\[^]|\$(?!\{)|[^`\\$])*(`|\$\{)/y;

/** A slash behind one of these divides; behind anything else a regular expression begins. */
const VALUE_END = /^(?:[\p{ID_Continue}$#]+|[)\]}`])$/u;
const KEYWORDS_BEFORE_VALUE = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "else",
  "void",
  "yield",
]);

class Scanner {
  readonly tokens: Token[] = [];
  readonly #source: string;
  #at = 0;
  #line = 1;
  /** For each template that is open: the depth of braces at its `${`. */
  readonly #templates: number[] = [];
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  scan(): Token[] {
    while (this.#at < this.#source.length) this.#next();
    return this.tokens;
  }

  #next(): void {
    const character = this.#source[this.#at] ?? "";
    if (/\s/.test(character)) this.#skip(character);
    else if (this.#take(LINE_COMMENT) || this.#take(BLOCK_COMMENT)) return;
    else if (this.#take(STRING, "string")) return;
    else if (character === "`") this.#template("`");
    else if (character === "}" && this.#templates.at(-1) === this.#depth) this.#template("}");
    else if (character === "/" && this.#valueMayFollow() && this.#take(REGEX, "string")) return;
    else if (!this.#take(NAME, "code")) this.#punctuation(character);
  }

  #skip(text: string): void {
    this.#at += text.length;
    this.#line += text.split("\n").length - 1;
  }

  #take(pattern: RegExp, kind?: Token["kind"]): boolean {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#source)?.[0];
    if (text === undefined) return false;
    if (kind !== undefined) {
      const content = kind === "string" ? text.slice(1, -1) : text;
      this.tokens.push({ kind, text: content, line: this.#line });
    }
    this.#skip(text);
    return true;
  }

  /** Takes a template's text behind the backtick that opens it, or behind the brace that ends the code inside it. */
  #template(opener: "`" | "}"): void {
    if (opener === "}") this.#templates.pop();
    this.#mark(opener);
    const line = this.#line;
    TEMPLATE_TEXT.lastIndex = this.#at;
    const found = TEMPLATE_TEXT.exec(this.#source);
    if (found === null) throw new SyntaxError(`line ${line}: a template without an end`);
    const end = found[1] ?? "";
    const text = found[0].slice(0, -end.length);
    this.tokens.push({ kind: "string", text, line });
    this.#skip(text);
    this.#mark(end);
    if (end === "${") this.#templates.push(this.#depth);
  }

  #valueMayFollow(): boolean {
    const last = this.tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === "string") return false;
    return KEYWORDS_BEFORE_VALUE.has(last.text) || !VALUE_END.test(last.text);
  }

  #punctuation(character: string): void {
    if (character === "{") this.#depth++;
    if (character === "}") this.#depth--;
    this.#mark(character);
  }

  #mark(punctuation: string): void {
    this.tokens.push({ kind: "code", text: punctuation, line: this.#line });
    this.#skip(punctuation);
  }
}

/** Throws a `SyntaxError` where the text is no program at all. */
export const tokensOf = (source: string): Token[] => new Scanner(source).scan();

/** What a file imports, types and dynamic imports included, as it is written there. */
export const importsOf = (tokens: readonly Token[]): string[] => {
  const found: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "string") continue;
    const before = tokens[index - 1];
    const call = before?.text === "(" ? tokens[index - 2] : before;
    const isCode = before?.kind === "code" && call?.kind === "code";
    if (isCode && (call.text === "import" || before.text === "from")) found.push(token.text);
  }
  return found;
};
