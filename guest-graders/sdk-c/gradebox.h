// Write a Gradebox grader in C: define `gradebox_grader` and `gradebox_grade`, and `gradebox build`.
//
// Each grade runs in a fresh instance, so nothing need be freed and no static variable survives.

#ifndef GRADEBOX_H
#define GRADEBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// UTF-8 without an end mark. `(int)text.length, text.bytes` fits `%.*s`.
typedef struct {
  const char *bytes;
  size_t length;
} gradebox_string;

#define GRADEBOX_STRING(literal) ((gradebox_string){(literal), sizeof(literal) - 1})

typedef struct {
  gradebox_string *items;
  size_t length;
} gradebox_strings;

// Groups of columns, of each of which one must be there.
typedef struct {
  gradebox_strings *items;
  size_t length;
} gradebox_groups;

// Who the grader is. `params_schema`, `examples` and `extra` are JSON; `worst` may be the larger number.
typedef struct {
  gradebox_string name, version, summary;
  double worst, best;
  gradebox_groups required_fields;
  gradebox_strings optional_fields;
  gradebox_string params_schema, examples, extra;
} gradebox_description;

typedef struct {
  bool is_some;
  gradebox_string value;
} gradebox_optional_string;

// One turn of the conversation. `extra` is a JSON object.
typedef struct {
  gradebox_string role, content;
  gradebox_optional_string extra;
} gradebox_message;

// One response to judge, with what it answers. `fields` is a JSON object of the columns asked for.
typedef struct {
  gradebox_string id;
  const gradebox_message *messages;
  size_t message_count;
  gradebox_string response;
  gradebox_optional_string reference;
  gradebox_string fields;
} gradebox_sample;

// What a grader may answer; made by the functions below.
typedef struct {
  enum {
    GRADEBOX_SCORED,
    GRADEBOX_NOT_APPLICABLE,
    GRADEBOX_UNDECIDED,
    GRADEBOX_INVALID_SAMPLE,
    GRADEBOX_INVALID_PARAMS,
    GRADEBOX_INTERNAL,
  } kind;
  double value;
  gradebox_string reason, details;
} gradebox_verdict;

// The author defines these two.
extern const gradebox_description gradebox_grader;
gradebox_verdict gradebox_grade(const gradebox_sample *sample, gradebox_string params);

// The response was judged: a value on the grader's own scale, and a reason that a model can act on.
gradebox_verdict gradebox_scored(double value, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The same with evidence, a JSON object.
gradebox_verdict gradebox_with_details(gradebox_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Any other kind, with its reason. `GRADEBOX_INVALID_SAMPLE` names the column, `GRADEBOX_INVALID_PARAMS` the parameter.
gradebox_verdict gradebox_answer(int kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

// A parameter: its name, its type, and where its value goes; what stands there before is the default.
typedef struct {
  const char *name;
  enum { GRADEBOX_INTEGER, GRADEBOX_NUMBER, GRADEBOX_BOOLEAN, GRADEBOX_JSON } type;
  void *value; // long long, double, bool, gradebox_string
} gradebox_param;

// Reads the parameters. Where one is unknown or of another type, false, and `problem` is what to return.
bool gradebox_read_params(gradebox_string params, const gradebox_param *known, size_t count, gradebox_verdict *problem);

// The JSON text of a member of a JSON object; false where there is none.
bool gradebox_json_member(gradebox_string object, const char *name, gradebox_string *value);

// Text made like `printf` does.
gradebox_string gradebox_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

// A line for whoever debugs the grader; needs `import gradebox:grader/log@0.1.0;` in wit/world.wit.
enum { GRADEBOX_DEBUG, GRADEBOX_INFO, GRADEBOX_WARN, GRADEBOX_ERROR };
void gradebox_log(int level, gradebox_string message);

#endif
