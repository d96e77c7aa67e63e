// The contract's functions in terms of gradebox.h, by the canonical ABI of the component model.

#include "gradebox.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// On wasm32 these structs lie in memory as the canonical ABI says.
_Static_assert(sizeof(gradebox_description) == 80, "the layout of a description");
_Static_assert(sizeof(gradebox_message) == 28, "the layout of a message");

// result<verdict, grade-error>
typedef struct {
  uint8_t is_error;
  union {
    struct {
      uint8_t kind;
      union {
        struct {
          double value;
          gradebox_string reason, details;
        } score;
        gradebox_string reason;
      };
    } verdict;
    struct {
      uint8_t kind;
      gradebox_string message;
    } error;
  };
} result;

__attribute__((export_name("cabi_realloc"))) void *gradebox_realloc(void *old, size_t old_size, size_t alignment,
                                                                    size_t size) {
  (void)old_size;
  if (size == 0) {
    return (void *)alignment;
  }
  void *place = realloc(old, size);
  if (place == NULL) {
    abort();
  }
  return place;
}

__attribute__((export_name("gradebox:grader/descriptor@0.1.0#describe"))) const gradebox_description *
gradebox_describe(void) {
  return &gradebox_grader;
}

__attribute__((export_name("gradebox:grader/pointwise@0.1.0#grade"))) const result *
gradebox_grade_flat(const char *id, size_t id_length, const gradebox_message *messages, size_t message_count,
                    const char *response, size_t response_length, int has_reference, const char *reference,
                    size_t reference_length, const char *fields, size_t fields_length, const char *params,
                    size_t params_length) {
  const gradebox_sample sample = {
      .id = {id, id_length},
      .messages = messages,
      .message_count = message_count,
      .response = {response, response_length},
      .reference = {has_reference != 0, {reference, reference_length}},
      .fields = {fields, fields_length},
  };
  gradebox_verdict verdict = gradebox_grade(&sample, (gradebox_string){params, params_length});
  static result answer;
  if (verdict.kind >= GRADEBOX_INVALID_SAMPLE) {
    answer.is_error = 1;
    answer.error.kind = (uint8_t)(verdict.kind - GRADEBOX_INVALID_SAMPLE);
    answer.error.message = verdict.reason;
  } else if (verdict.kind == GRADEBOX_SCORED) {
    answer.verdict.score.value = verdict.value;
    answer.verdict.score.reason = verdict.reason;
    answer.verdict.score.details = verdict.details.length > 0 ? verdict.details : GRADEBOX_STRING("{}");
  } else {
    answer.verdict.kind = (uint8_t)verdict.kind;
    answer.verdict.reason = verdict.reason;
  }
  return &answer;
}

__attribute__((import_module("gradebox:grader/log@0.1.0"), import_name("emit"))) void
gradebox_log_emit(int level, const char *message, size_t length);

void gradebox_log(int level, gradebox_string message) { gradebox_log_emit(level, message.bytes, message.length); }

static gradebox_string format_list(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  char *bytes = length < 0 ? NULL : malloc((size_t)length + 1);
  if (bytes == NULL) {
    abort();
  }
  vsnprintf(bytes, (size_t)length + 1, format, again);
  va_end(again);
  return (gradebox_string){bytes, (size_t)length};
}

#define FORMAT(result)                     \
  va_list arguments;                       \
  va_start(arguments, format);             \
  (result) = format_list(format, arguments); \
  va_end(arguments)

gradebox_string gradebox_format(const char *format, ...) {
  gradebox_string text;
  FORMAT(text);
  return text;
}

gradebox_verdict gradebox_scored(double value, const char *format, ...) {
  gradebox_verdict verdict = {.kind = GRADEBOX_SCORED, .value = value};
  FORMAT(verdict.reason);
  return verdict;
}

gradebox_verdict gradebox_with_details(gradebox_verdict verdict, const char *format, ...) {
  FORMAT(verdict.details);
  return verdict;
}

gradebox_verdict gradebox_answer(int kind, const char *format, ...) {
  gradebox_verdict verdict = {.kind = kind};
  FORMAT(verdict.reason);
  return verdict;
}

// JSON that the host wrote: well-formed, so that finding where a value ends is all there is to do.

static const char *skip_space(const char *at, const char *end) {
  while (at < end && isspace((unsigned char)*at)) {
    at++;
  }
  return at;
}

static const char *skip_value(const char *at, const char *end) {
  int depth = 0;
  bool is_quoted = false;
  for (; at < end; at++) {
    if (is_quoted) {
      at += *at == '\\';
      is_quoted = *at != '"';
    } else if (*at == '"') {
      is_quoted = true;
    } else if (*at == '{' || *at == '[') {
      depth++;
    } else if (depth == 0 && (*at == ',' || *at == '}' || *at == ']' || *at == ':')) {
      return at;
    } else if (*at == '}' || *at == ']') {
      depth--;
    }
  }
  return end;
}

static gradebox_string trimmed(const char *start, const char *end) {
  while (end > start && isspace((unsigned char)end[-1])) {
    end--;
  }
  return (gradebox_string){start, (size_t)(end - start)};
}

// The next member of an object, quotes around its name; false at the end.
static bool next_member(const char **at, const char *end, gradebox_string *name, gradebox_string *value) {
  const char *start = skip_space(*at, end);
  if (start < end && (*start == '{' || *start == ',')) {
    start = skip_space(start + 1, end);
  }
  if (start >= end || *start != '"') {
    return false;
  }
  const char *colon = skip_value(start, end);
  *name = trimmed(start, colon);
  const char *begin = skip_space(colon + 1, end);
  *at = skip_value(begin, end);
  *value = trimmed(begin, *at);
  return true;
}

static bool is_named(gradebox_string quoted, const char *name) {
  return quoted.length == strlen(name) + 2 && memcmp(quoted.bytes + 1, name, quoted.length - 2) == 0;
}

bool gradebox_json_member(gradebox_string object, const char *name, gradebox_string *value) {
  const char *at = object.bytes;
  gradebox_string found;
  while (next_member(&at, object.bytes + object.length, &found, value)) {
    if (is_named(found, name)) {
      return true;
    }
  }
  return false;
}

static const char *read_param(const gradebox_param *param, gradebox_string text) {
  char *end;
  gradebox_string copy = gradebox_format("%.*s", (int)text.length, text.bytes);
  switch (param->type) {
  case GRADEBOX_INTEGER: {
    long long whole = strtoll(copy.bytes, &end, 10);
    if (end != copy.bytes + copy.length || copy.length > 18) {
      return "an integer";
    }
    *(long long *)param->value = whole;
    return NULL;
  }
  case GRADEBOX_NUMBER: {
    double number = strtod(copy.bytes, &end);
    if (end != copy.bytes + copy.length || !isfinite(number)) {
      return "a number";
    }
    *(double *)param->value = number;
    return NULL;
  }
  case GRADEBOX_BOOLEAN:
    if (strcmp(copy.bytes, "true") != 0 && strcmp(copy.bytes, "false") != 0) {
      return "true or false";
    }
    *(bool *)param->value = copy.bytes[0] == 't';
    return NULL;
  case GRADEBOX_JSON:
    *(gradebox_string *)param->value = text;
    return NULL;
  }
  return "of a known type";
}

bool gradebox_read_params(gradebox_string params, const gradebox_param *known, size_t count,
                          gradebox_verdict *problem) {
  const char *at = params.bytes;
  gradebox_string name, value;
  while (next_member(&at, params.bytes + params.length, &name, &value)) {
    const gradebox_param *param = NULL;
    for (size_t index = 0; index < count; index++) {
      param = is_named(name, known[index].name) ? &known[index] : param;
    }
    const char *wanted = param == NULL ? NULL : read_param(param, value);
    if (param == NULL) {
      *problem = gradebox_answer(GRADEBOX_INVALID_PARAMS, "parameter %.*s is unknown", (int)name.length, name.bytes);
      return false;
    }
    if (wanted != NULL) {
      *problem = gradebox_answer(GRADEBOX_INVALID_PARAMS, "parameter `%s`: is %.*s; it must be %s", param->name,
                                 (int)value.length, value.bytes, wanted);
      return false;
    }
  }
  return true;
}
