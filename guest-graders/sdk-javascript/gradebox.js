// Write a Gradebox grader in JavaScript or TypeScript. Types and documentation: gradebox.d.ts.

export const scored = (value, reason, details = {}) => ({ tag: "scored", val: { value, reason, details } });
export const notApplicable = (reason) => ({ tag: "not-applicable", val: reason });
export const undecided = (reason) => ({ tag: "undecided", val: reason });
export const ranked = (ranks, reason) => ({ tag: "ranked", val: { ranks, reason } });

export class InvalidSample extends Error {
  constructor(column, problem) {
    super(`column \`${column}\`: ${problem}`);
  }
}

export class InvalidParams extends Error {
  constructor(parameter, problem) {
    super(`parameter \`${parameter}\`: ${problem}`);
  }
}

export function pointwise({ grade, ...description }) {
  return {
    descriptor: descriptor(description),
    pointwise: {
      grade: guarded((sample, params) =>
        pointwiseVerdict(grade(readSample(sample), readParams(description.params ?? {}, JSON.parse(params)))),
      ),
    },
  };
}

export function listwise({ rank, ...description }) {
  return {
    descriptor: descriptor(description),
    listwise: {
      rank: guarded((messages, responses, fields, params) =>
        known(
          rank(messages.map(readMessage), responses, JSON.parse(fields), readParams(description.params ?? {}, JSON.parse(params))),
          ["ranked", "not-applicable", "undecided"],
        ),
      ),
    },
  };
}

function descriptor(description) {
  const { name, summary, version = "0.1.0", scale = [0, 1], params = {} } = description;
  const { requiredFields = [], optionalFields = [], examples = [] } = description;
  return {
    describe: () => ({
      name,
      version,
      summary,
      scale: { worst: scale[0], best: scale[1] },
      requiredFields,
      optionalFields,
      paramsSchema: JSON.stringify(paramsSchema(params)),
      examples: JSON.stringify(examples.map(exampleJson)),
      extra: "{}",
    }),
  };
}

function exampleJson({ sample, params = {}, value, outcome, error }) {
  if (error !== undefined) {
    return { sample, params, verdict: { outcome: "error", kind: error } };
  }
  return { sample, params, verdict: value === undefined ? { outcome } : { outcome: "scored", value } };
}

// A typed error for whatever is thrown: anything else would end the component without a word.
function guarded(answer) {
  return (...values) => {
    try {
      return answer(...values);
    } catch (error) {
      if (error instanceof InvalidSample) {
        throw { tag: "invalid-sample", val: error.message };
      }
      if (error instanceof InvalidParams) {
        throw { tag: "invalid-params", val: error.message };
      }
      throw { tag: "internal", val: error instanceof Error ? `${error}\n${error.stack ?? ""}` : String(error) };
    }
  };
}

const readMessage = ({ role, content, extra }) => ({ role, content, extra: extra ? JSON.parse(extra) : {} });

function readSample({ id, messages, response, reference, fields }) {
  return { id, messages: messages.map(readMessage), response, reference: reference ?? undefined, fields: JSON.parse(fields) };
}

function pointwiseVerdict(verdict) {
  const { tag, val } = known(verdict, ["scored", "not-applicable", "undecided"]);
  return tag === "scored" ? { tag, val: { ...val, details: JSON.stringify(val.details) } } : verdict;
}

function known(answer, tags) {
  if (!tags.includes(answer?.tag)) {
    throw new TypeError(`the grader returned ${JSON.stringify(answer)}; return one of ${tags.join(", ")}`);
  }
  return answer;
}

function paramsSchema(params) {
  const required = Object.keys(params).filter((name) => !("default" in params[name]));
  const schema = { type: "object", properties: params, additionalProperties: false };
  return required.length > 0 ? { ...schema, required } : schema;
}

function readParams(params, given) {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(params, name)) {
      throw new InvalidParams(name, `is unknown; known: ${Object.keys(params).join(", ") || "none"}`);
    }
  }
  const read = {};
  for (const [name, schema] of Object.entries(params)) {
    const value = Object.hasOwn(given, name) ? given[name] : schema.default;
    if (value === undefined) {
      throw new InvalidParams(name, "is missing");
    }
    if (!isOfType(value, schema.type)) {
      throw new InvalidParams(name, `is ${JSON.stringify(value)}; it must be of type ${schema.type}`);
    }
    read[name] = value;
  }
  return read;
}

function isOfType(value, type) {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
