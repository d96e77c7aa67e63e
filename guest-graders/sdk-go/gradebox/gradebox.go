// Package gradebox makes a Go program a Gradebox grader: register one with [Export] in an init function, leave main
// empty, and run `gradebox build`.
//
// Each grade runs in a fresh instance; no variable survives.
package gradebox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"unsafe"
)

// Description says who the grader is.
type Description struct {
	// Lower-case words joined by `-`.
	Name string
	// A semantic version; 0.1.0 where none is given.
	Version string
	// One sentence.
	Summary string
	// The two ends of the scale, 0 and 1 where both are 0; Worst may be the larger number.
	Worst, Best float64
	// Groups of columns, of each of which one must be there.
	RequiredFields [][]string
	// Columns that the grader reads when they are there.
	OptionalFields []string
	// JSON Schema of the parameters.
	ParamsSchema string
	// Golden cases, JSON; `gradebox check` runs them.
	Examples string
}

// Message is one turn of the conversation. Extra is a JSON object, or empty.
type Message struct{ Role, Content, Extra string }

// Sample is one response to judge, with what it answers.
type Sample struct {
	ID       string
	Messages []Message
	Response string
	// The gold answer; nil where there is none.
	Reference *string
	// The columns that the description asks for, a JSON object.
	Fields json.RawMessage
}

// Verdict is what a grader may answer: Scored, NotApplicable or Undecided.
type Verdict struct {
	kind    uint8
	value   float64
	reason  string
	details string
}

// Scored is a value on the grader's own scale, with a reason that a model can act on and evidence that becomes JSON.
func Scored(value float64, reason string, details map[string]any) (Verdict, error) {
	if details == nil {
		return Verdict{value: value, reason: reason, details: "{}"}, nil
	}
	text, err := json.Marshal(details)
	return Verdict{value: value, reason: reason, details: string(text)}, err
}

// NotApplicable says that the grader has nothing to say of this sample.
func NotApplicable(reason string) (Verdict, error) { return Verdict{kind: 1, reason: reason}, nil }

// Undecided says that the grader looked and cannot tell; it never counts as right or as wrong.
func Undecided(reason string) (Verdict, error) { return Verdict{kind: 2, reason: reason}, nil }

type gradeError struct {
	kind    uint8
	message string
}

func (e gradeError) Error() string { return e.message }

// InvalidSample is the error of a column that is missing or malformed.
func InvalidSample(column, problem string) error {
	return gradeError{0, fmt.Sprintf("column `%s`: %s", column, problem)}
}

// InvalidParams is the error of a parameter that does not fit.
func InvalidParams(parameter, problem string) error {
	return gradeError{1, fmt.Sprintf("parameter `%s`: %s", parameter, problem)}
}

var (
	exported Description
	grader   func(sample Sample, params []byte) (Verdict, error)
)

// Export registers the grader. defaults are the parameters where nothing is said; keys that its type does not have
// are refused. Any other error of grade, and a panic, is a failure of the grader, never a score.
func Export[Params any](description Description, defaults Params, grade func(Sample, Params) (Verdict, error)) {
	exported = description
	grader = func(sample Sample, text []byte) (Verdict, error) {
		params := defaults
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&params); err != nil {
			return Verdict{}, gradeError{1, fmt.Sprintf("parameters %s: %v", text, err)}
		}
		return grade(sample, params)
	}
}

// Level is how much a line of the log matters.
type Level int32

// The levels.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// Log writes a line for whoever debugs the grader; needs `import gradebox:grader/log@0.1.0;` in wit/world.wit.
func Log(level Level, message string) {
	emit(int32(level), unsafe.Pointer(unsafe.StringData(message)), uint32(len(message)))
}

//go:wasmimport gradebox:grader/log@0.1.0 emit
func emit(level int32, message unsafe.Pointer, length uint32)

// The contract's functions, by the canonical ABI of the component model. Pointers are 32 bits wide there and have
// 64 in Go, so records are written byte by byte.

// What the host holds pointers to; the collector must not take it.
var held [][]byte

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, alignment, size uint32) unsafe.Pointer {
	if size == 0 {
		return unsafe.Pointer(uintptr(alignment))
	}
	place := make([]byte, (size+7)&^7)
	if old != nil {
		copy(place, unsafe.Slice((*byte)(old), oldSize))
	}
	held = append(held, place)
	return unsafe.Pointer(unsafe.SliceData(place))
}

//go:wasmexport gradebox:grader/descriptor@0.1.0#describe
func describe() unsafe.Pointer {
	description := exported
	if description.Version == "" {
		description.Version = "0.1.0"
	}
	if description.Worst == 0 && description.Best == 0 {
		description.Best = 1
	}
	area := newRecord(80)
	area.text(0, description.Name)
	area.text(8, description.Version)
	area.text(16, description.Summary)
	area.number(24, description.Worst)
	area.number(32, description.Best)
	groups := newRecord(8 * len(description.RequiredFields))
	for index, group := range description.RequiredFields {
		groups.texts(8*index, group)
	}
	area.list(40, groups, len(description.RequiredFields))
	area.texts(48, description.OptionalFields)
	area.text(56, or(description.ParamsSchema, "{}"))
	area.text(64, or(description.Examples, "[]"))
	area.text(72, "{}")
	return area.pointer()
}

//go:wasmexport gradebox:grader/pointwise@0.1.0#grade
func grade(
	id unsafe.Pointer, idLength uint32, messages unsafe.Pointer, messageCount uint32,
	response unsafe.Pointer, responseLength uint32, hasReference uint32, reference unsafe.Pointer, referenceLength uint32,
	fields unsafe.Pointer, fieldsLength uint32, params unsafe.Pointer, paramsLength uint32,
) unsafe.Pointer {
	sample := Sample{
		ID:       text(id, idLength),
		Messages: readMessages(messages, messageCount),
		Response: text(response, responseLength),
		Fields:   json.RawMessage(text(fields, fieldsLength)),
	}
	if hasReference != 0 {
		gold := text(reference, referenceLength)
		sample.Reference = &gold
	}
	verdict, err := guarded(sample, []byte(text(params, paramsLength)))
	area := newRecord(40)
	if err != nil {
		failure, isTyped := err.(gradeError)
		if !isTyped {
			failure = gradeError{2, err.Error()}
		}
		area[0], area[8] = 1, failure.kind
		area.text(12, failure.message)
		return area.pointer()
	}
	area[8] = verdict.kind
	if verdict.kind != 0 {
		area.text(16, verdict.reason)
		return area.pointer()
	}
	area.number(16, verdict.value)
	area.text(24, verdict.reason)
	area.text(32, verdict.details)
	return area.pointer()
}

func guarded(sample Sample, params []byte) (verdict Verdict, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v\n%s", problem, debug.Stack())
		}
	}()
	if grader == nil {
		return Verdict{}, fmt.Errorf("no grader: call gradebox.Export in an init function")
	}
	return grader(sample, params)
}

func readMessages(at unsafe.Pointer, count uint32) []Message {
	const size = 28
	messages := make([]Message, count)
	for index := range messages {
		record := unsafe.Slice((*uint32)(unsafe.Add(at, index*size)), size/4)
		messages[index] = Message{Role: textAt(record[0], record[1]), Content: textAt(record[2], record[3])}
		if record[4]&0xff != 0 {
			messages[index].Extra = textAt(record[5], record[6])
		}
	}
	return messages
}

func textAt(address, length uint32) string { return text(unsafe.Pointer(uintptr(address)), length) }

func text(at unsafe.Pointer, length uint32) string {
	if length == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(at), length))
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// record is memory that the host reads.
type record []byte

func newRecord(size int) record {
	place := make([]byte, (size+15)&^7)
	held = append(held, place)
	return place
}

func (r record) pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(r)) }

func (r record) word(at int, value uint32) { *(*uint32)(unsafe.Pointer(&r[at])) = value }

func (r record) number(at int, value float64) { *(*float64)(unsafe.Pointer(&r[at])) = value }

func (r record) list(at int, items record, count int) {
	r.word(at, uint32(uintptr(items.pointer())))
	r.word(at+4, uint32(count))
}

func (r record) text(at int, value string) {
	bytes := newRecord(len(value))
	copy(bytes, value)
	r.list(at, bytes, len(value))
}

func (r record) texts(at int, values []string) {
	items := newRecord(8 * len(values))
	for index, value := range values {
		items.text(8*index, value)
	}
	r.list(at, items, len(values))
}
