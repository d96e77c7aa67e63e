// A grader in JavaScript: is the response short enough?

export const descriptor = {
  describe: () => ({
    name: "word-limit",
    version: "0.1.0",
    summary: "Scores responses by how far they keep to a limit of words.",
    scale: { worst: 0, best: 1 },
    requiredFields: [],
    optionalFields: [],
    paramsSchema: JSON.stringify({ type: "object", properties: { words: { type: "integer", default: 100 } } }),
    examples: JSON.stringify([
      { sample: { response: "short" }, params: {}, verdict: { outcome: "scored", value: 1 } },
      { sample: { response: "one two" }, params: { words: 1 }, verdict: { outcome: "scored", value: 0.5 } },
    ]),
    extra: "{}",
  }),
};

export const pointwise = {
  grade(sample, params) {
    const limit = JSON.parse(params).words ?? 100;
    if (!Number.isInteger(limit) || limit < 1) {
      throw { tag: "invalid-params", val: `parameter \`words\` is ${limit}; it must be a whole number above 0` };
    }
    const words = sample.response.split(/\s+/).filter(Boolean).length;
    if (words <= limit) {
      return scored(1, `${words} words, at most ${limit}`);
    }
    return scored(limit / words, `${words} words; leave out ${words - limit} to keep to ${limit}`, { words });
  },
};

function scored(value, reason, details = {}) {
  return { tag: "scored", val: { value, reason, details: JSON.stringify(details) } };
}
