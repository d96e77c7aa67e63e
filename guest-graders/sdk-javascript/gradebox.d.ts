/** One turn of the conversation. `extra` is what else the turn had: tool calls, a name. */
export interface Message {
  role: string;
  content: string;
  extra: Record<string, unknown>;
}

/** One response to judge, with what it answers. */
export interface Sample {
  /** The row's id, as text. */
  id: string;
  /** The conversation up to, and without, the response. */
  messages: Message[];
  response: string;
  /** The gold answer: a string as it is, any other value as its JSON text. */
  reference?: string;
  /** The columns that the description asks for. */
  fields: Record<string, unknown>;
}

/** What a grader may answer. Only `scored` is ever a number. */
export type Verdict =
  | { tag: "scored"; val: { value: number; reason: string; details: Record<string, unknown> } }
  | { tag: "not-applicable" | "undecided"; val: string };

/** An order of several responses. */
export type Order =
  | { tag: "ranked"; val: { ranks: number[]; reason: string } }
  | { tag: "not-applicable" | "undecided"; val: string };

/**
 * The response was judged. `value` lies on the grader's own scale; `reason` says why, in words that a model can act
 * on; `details` is evidence: failing cases, line and column, parsed values.
 */
export function scored(value: number, reason: string, details?: Record<string, unknown>): Verdict;
/** The grader has nothing to say of this sample. */
export function notApplicable(reason: string): { tag: "not-applicable"; val: string };
/** It looked and cannot tell; never counted as right or as wrong. */
export function undecided(reason: string): { tag: "undecided"; val: string };
/** Position i holds the rank of response i; 1 is best, ties share a rank. */
export function ranked(ranks: number[], reason: string): Order;

/** A column is missing or malformed. Says which, what is wrong and what was expected. */
export class InvalidSample extends Error {
  constructor(column: string, problem: string);
}

/** A parameter does not fit. Says which, what is wrong and what was expected. */
export class InvalidParams extends Error {
  constructor(parameter: string, problem: string);
}

/** A parameter as JSON Schema has it; one without a `default` must be given. */
export interface Param {
  type: "integer" | "number" | "boolean" | "string" | "array" | "object";
  default?: unknown;
  description?: string;
  [keyword: string]: unknown;
}

/** The values that `grade` receives for a table of parameters. */
export type Params<Table extends Record<string, Param>> = {
  [Name in keyof Table]: {
    integer: number;
    number: number;
    boolean: boolean;
    string: string;
    array: unknown[];
    object: Record<string, unknown>;
  }[Table[Name]["type"]];
};

/** A golden case, which `gradebox check` runs: a row, parameters, and one of `value`, `outcome`, `error`. */
export interface Example {
  sample: Record<string, unknown>;
  params?: Record<string, unknown>;
  /** The value of a scored response. */
  value?: number;
  outcome?: "not-applicable" | "undecided" | "ranked";
  error?: "invalid-sample" | "invalid-params";
}

/** What a host or a user needs to know before the first grade. */
export interface Description<Table extends Record<string, Param>> {
  /** Lower-case words joined by `-`. */
  name: string;
  /** One sentence. */
  summary: string;
  /** A semantic version; 0.1.0 where none is given. */
  version?: string;
  /** [worst, best]; [0, 1] where none is given. */
  scale?: [number, number];
  params?: Table;
  /** Each inner list is a group of columns of which one must be there. */
  requiredFields?: string[][];
  /** Columns that the grader reads when they are there. */
  optionalFields?: string[];
  examples?: Example[];
}

/**
 * A grader of single responses. Export what it returns:
 *
 *     export const { descriptor, pointwise } = gradebox.pointwise({ name, summary, grade(sample, params) { … } });
 *
 * Whatever `grade` throws but `InvalidSample` and `InvalidParams` is a failure of the grader, never a score.
 */
export function pointwise<const Table extends Record<string, Param> = {}>(
  grader: Description<Table> & { grade(sample: Sample, params: Params<Table>): Verdict },
): { descriptor: object; pointwise: object };

/** A grader that orders responses. Export `listwise` instead of `pointwise` in wit/world.wit. */
export function listwise<const Table extends Record<string, Param> = {}>(
  grader: Description<Table> & {
    rank(messages: Message[], responses: string[], fields: Record<string, unknown>, params: Params<Table>): Order;
  },
): { descriptor: object; listwise: object };

// What the host grants. Each needs its `import` in wit/world.wit.

declare module "gradebox:grader/log@0.1.0" {
  /** One line for whoever debugs the grader, shown by `gradebox grade -v`. */
  export function emit(level: "debug" | "info" | "warn" | "error", message: string): void;
}

declare module "gradebox:grader/programs@0.1.0" {
  export interface Input {
    action:
      | { tag: "script" }
      | { tag: "call"; val: { target: string; args: string[]; kwargs: [string, string][] } }
      | { tag: "evaluate"; val: string };
    stdin: Uint8Array;
  }
  export interface Execution {
    ending:
      | { tag: "completed" | "timed-out" | "out-of-memory" | "stack-overflow" | "output-exceeded" }
      | { tag: "raised"; val: { kind: string; message: string; line?: number; traceback: string } }
      | { tag: "exited"; val: number }
      | { tag: "crashed"; val: string };
    stdout: Uint8Array;
    stderr: Uint8Array;
    value?: string;
    argsAfter: string[];
  }
  /** Runs an untrusted program once for each input, each in a fresh sandbox. */
  export function runAll(
    program: { language: string; source: string; limits: { cpuMs?: number; memoryMib?: number; outputKib?: number } },
    inputs: Input[],
  ): Execution[];
  /** Every name that selects a language here. */
  export function languages(): string[];
}

declare module "gradebox:grader/models@0.1.0" {
  /** Asks the model that the configuration gives to `role`. `options` and the reply are JSON objects as text. */
  export function complete(
    role: string,
    messages: { role: string; content: string; extra?: string }[],
    options: string,
  ): string;
}
