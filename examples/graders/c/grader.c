// Is the response short enough?

#include "gradebox.h"

const gradebox_description gradebox_grader = {
    .name = GRADEBOX_STRING("word-limit"),
    .version = GRADEBOX_STRING("0.1.0"),
    .summary = GRADEBOX_STRING("Scores responses by how far they keep to a limit of words."),
    .worst = 0,
    .best = 1,
    .params_schema = GRADEBOX_STRING("{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
                                     "\"words\": {\"type\": \"integer\", \"default\": 100}}}"),
    .examples = GRADEBOX_STRING(
        "[{\"sample\": {\"response\": \"short\"}, \"verdict\": {\"outcome\": \"scored\", \"value\": 1}},"
        " {\"sample\": {\"response\": \"one two\"}, \"params\": {\"words\": 1},"
        "  \"verdict\": {\"outcome\": \"scored\", \"value\": 0.5}},"
        " {\"sample\": {\"response\": \" \"}, \"verdict\": {\"outcome\": \"not-applicable\"}},"
        " {\"sample\": {\"response\": \"short\"}, \"params\": {\"words\": 0},"
        "  \"verdict\": {\"outcome\": \"error\", \"kind\": \"invalid-params\"}}]"),
    .extra = GRADEBOX_STRING("{}"),
};

static bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

static long long count_words(gradebox_string text) {
  long long words = 0;
  for (size_t at = 0; at < text.length; at++) {
    words += !is_space(text.bytes[at]) && (at == 0 || is_space(text.bytes[at - 1]));
  }
  return words;
}

gradebox_verdict gradebox_grade(const gradebox_sample *sample, gradebox_string params) {
  long long limit = 100;
  gradebox_param known[] = {{"words", GRADEBOX_INTEGER, &limit}};
  gradebox_verdict problem;
  if (!gradebox_read_params(params, known, 1, &problem)) {
    return problem;
  }
  if (limit < 1) {
    return gradebox_answer(GRADEBOX_INVALID_PARAMS, "parameter `words`: must be above 0");
  }
  long long words = count_words(sample->response);
  if (words == 0) {
    return gradebox_answer(GRADEBOX_NOT_APPLICABLE, "there is no word in the response");
  }
  if (words <= limit) {
    return gradebox_scored(1, "%lld words, at most %lld", words, limit);
  }
  gradebox_verdict verdict = gradebox_scored((double)limit / (double)words, "%lld words; leave out %lld to keep to %lld",
                                             words, words - limit, limit);
  return gradebox_with_details(verdict, "{\"words\": %lld}", words);
}
