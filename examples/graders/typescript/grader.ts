// Is the response short enough?

import { InvalidParams, notApplicable, pointwise as grader, scored, type Sample, type Verdict } from "./gradebox.js";

export const { descriptor, pointwise } = grader({
  name: "word-limit",
  summary: "Scores responses by how far they keep to a limit of words.",
  params: { words: { type: "integer", default: 100, description: "The most words that a response may have." } },
  examples: [
    { sample: { response: "short" }, value: 1 },
    { sample: { response: "one two" }, params: { words: 1 }, value: 0.5 },
    { sample: { response: " " }, outcome: "not-applicable" },
    { sample: { response: "short" }, params: { words: 0 }, error: "invalid-params" },
  ],

  grade(sample: Sample, params: { words: number }): Verdict {
    if (params.words < 1) {
      throw new InvalidParams("words", "must be above 0");
    }
    const words = sample.response.split(/\s+/).filter(Boolean).length;
    if (words === 0) {
      return notApplicable("there is no word in the response");
    }
    if (words <= params.words) {
      return scored(1, `${words} words, at most ${params.words}`);
    }
    const reason = `${words} words; leave out ${words - params.words} to keep to ${params.words}`;
    return scored(params.words / words, reason, { words });
  },
});
