// Is the response short enough?
package main

import (
	"fmt"
	"strings"

	"word-limit/gradebox"
)

type Params struct {
	// The most words that a response may have.
	Words int `json:"words"`
}

func init() {
	gradebox.Export(gradebox.Description{
		Name:         "word-limit",
		Summary:      "Scores responses by how far they keep to a limit of words.",
		ParamsSchema: `{"type": "object", "additionalProperties": false, "properties": {"words": {"type": "integer", "default": 100}}}`,
		Examples: `[
			{"sample": {"response": "short"}, "verdict": {"outcome": "scored", "value": 1}},
			{"sample": {"response": "one two"}, "params": {"words": 1}, "verdict": {"outcome": "scored", "value": 0.5}},
			{"sample": {"response": " "}, "verdict": {"outcome": "not-applicable"}},
			{"sample": {"response": "short"}, "params": {"words": 0}, "verdict": {"outcome": "error", "kind": "invalid-params"}}]`,
	}, Params{Words: 100}, grade)
}

func grade(sample gradebox.Sample, params Params) (gradebox.Verdict, error) {
	if params.Words < 1 {
		return gradebox.Verdict{}, gradebox.InvalidParams("words", "must be above 0")
	}
	words := len(strings.Fields(sample.Response))
	if words == 0 {
		return gradebox.NotApplicable("there is no word in the response")
	}
	if words <= params.Words {
		return gradebox.Scored(1, fmt.Sprintf("%d words, at most %d", words, params.Words), nil)
	}
	reason := fmt.Sprintf("%d words; leave out %d to keep to %d", words, words-params.Words, params.Words)
	return gradebox.Scored(float64(params.Words)/float64(words), reason, map[string]any{"words": words})
}

func main() {}
