//! Write a Gradebox grader in Zig: define `description` and `grade` at the root of the program, name this file in a
//! `comptime` block, and `gradebox build`.
//!
//! Each grade runs in a fresh instance, so nothing need be freed and no variable survives.

const std = @import("std");
const root = @import("root");

/// Memory of the grade.
pub const allocator = std.heap.wasm_allocator;

/// Who the grader is. `params_schema` and `examples` are JSON; `worst` may be the larger number.
pub const Description = struct {
    name: []const u8,
    version: []const u8 = "0.1.0",
    summary: []const u8,
    worst: f64 = 0,
    best: f64 = 1,
    /// Groups of columns, of each of which one must be there.
    required_fields: []const []const []const u8 = &.{},
    optional_fields: []const []const u8 = &.{},
    params_schema: []const u8 = "{}",
    examples: []const u8 = "[]",
};

/// One turn of the conversation. `extra` is a JSON object.
pub const Message = struct { role: []const u8, content: []const u8, extra: ?[]const u8 };

/// One response to judge, with what it answers. `fields` is a JSON object of the columns asked for.
pub const Sample = struct {
    id: []const u8,
    messages: []const Message,
    response: []const u8,
    reference: ?[]const u8,
    fields: []const u8,
};

/// What a grader may answer. `details` is a JSON object. The last three are errors of a type, never scores.
pub const Verdict = union(enum) {
    scored: struct { value: f64, reason: []const u8, details: []const u8 = "{}" },
    not_applicable: []const u8,
    undecided: []const u8,
    /// Names the column.
    invalid_sample: []const u8,
    /// Names the parameter.
    invalid_params: []const u8,
    internal: []const u8,
};

/// Text, as `std.fmt` makes it.
pub fn format(comptime template: []const u8, values: anytype) []const u8 {
    return std.fmt.allocPrint(allocator, template, values) catch @trap();
}

/// The parameters as a struct; keys that it does not have, and values of another type, are an error.
pub fn readParams(comptime Params: type, params: []const u8) !Params {
    const given = try std.json.parseFromSliceLeaky(std.json.Value, allocator, params, .{});
    if (given != .object) return error.UnexpectedToken;
    inline for (comptime std.meta.fieldNames(Params)) |name| {
        if (given.object.get(name)) |value| {
            if (!isOfType(@FieldType(Params, name), value)) return error.UnexpectedToken;
        }
    }
    return std.json.parseFromValueLeaky(Params, allocator, given, .{});
}

/// `std.json` would take the text "2" for the number 2, and 2.0 for an integer.
fn isOfType(comptime Type: type, value: std.json.Value) bool {
    return switch (@typeInfo(Type)) {
        .int => value == .integer,
        .float => value == .integer or value == .float,
        else => true,
    };
}

pub const Level = enum(i32) { debug, info, warn, @"error" };

/// A line for whoever debugs the grader; needs `import gradebox:grader/log@0.1.0;` in wit/world.wit.
pub fn log(level: Level, message: []const u8) void {
    const host = struct {
        extern "gradebox:grader/log@0.1.0" fn emit(level: i32, message: [*]const u8, length: usize) void;
    };
    host.emit(@intFromEnum(level), message.ptr, message.len);
}

// The contract's functions, by the canonical ABI of the component model.

const String = extern struct {
    bytes: [*]const u8,
    length: usize,

    fn of(text: []const u8) String {
        // An empty slice may point anywhere, and the host looks.
        return if (text.len == 0) .{ .bytes = "", .length = 0 } else .{ .bytes = text.ptr, .length = text.len };
    }
};

const Strings = extern struct {
    items: [*]const String,
    length: usize,

    fn of(texts: []const []const u8) Strings {
        const items = allocator.alloc(String, texts.len) catch @trap();
        for (items, texts) |*item, text| item.* = .of(text);
        return .{ .items = if (items.len == 0) &.{String.of("")} else items.ptr, .length = items.len };
    }
};

const Groups = extern struct { items: [*]const Strings, length: usize };

const FlatDescription = extern struct {
    name: String,
    version: String,
    summary: String,
    worst: f64,
    best: f64,
    required_fields: Groups,
    optional_fields: Strings,
    params_schema: String,
    examples: String,
    extra: String,
};

const FlatMessage = extern struct { role: String, content: String, has_extra: u8, extra: String };

/// result<verdict, grade-error>
const FlatResult = extern struct {
    is_error: u8 = 0,
    /// Of a verdict as of an error.
    kind: u8 align(8),
    /// The message of an error.
    message: String align(4) = .of(""),
};

const FlatVerdict = extern struct {
    is_error: u8 = 0,
    kind: u8 align(8),
    value: extern union { number: f64, reason: String },
    reason: String = .of(""),
    details: String = .of(""),
};

fn describe() callconv(.c) *const FlatDescription {
    const description: Description = root.description;
    const groups = allocator.alloc(Strings, description.required_fields.len) catch @trap();
    for (groups, description.required_fields) |*group, columns| group.* = .of(columns);
    const flat = allocator.create(FlatDescription) catch @trap();
    flat.* = .{
        .name = .of(description.name),
        .version = .of(description.version),
        .summary = .of(description.summary),
        .worst = description.worst,
        .best = description.best,
        .required_fields = .{ .items = if (groups.len == 0) &.{Strings.of(&.{})} else groups.ptr, .length = groups.len },
        .optional_fields = .of(description.optional_fields),
        .params_schema = .of(description.params_schema),
        .examples = .of(description.examples),
        .extra = .of("{}"),
    };
    return flat;
}

fn grade(
    id: [*]const u8,
    id_length: usize,
    messages: [*]const FlatMessage,
    message_count: usize,
    response: [*]const u8,
    response_length: usize,
    has_reference: i32,
    reference: [*]const u8,
    reference_length: usize,
    fields: [*]const u8,
    fields_length: usize,
    params: [*]const u8,
    params_length: usize,
) callconv(.c) *const anyopaque {
    const turns = allocator.alloc(Message, message_count) catch @trap();
    for (turns, messages[0..message_count]) |*turn, flat| turn.* = .{
        .role = flat.role.bytes[0..flat.role.length],
        .content = flat.content.bytes[0..flat.content.length],
        .extra = if (flat.has_extra != 0) flat.extra.bytes[0..flat.extra.length] else null,
    };
    const sample: Sample = .{
        .id = id[0..id_length],
        .messages = turns,
        .response = response[0..response_length],
        .reference = if (has_reference != 0) reference[0..reference_length] else null,
        .fields = fields[0..fields_length],
    };
    return switch (@as(Verdict, root.grade(&sample, params[0..params_length]))) {
        .scored => |score| verdict(.{
            .kind = 0,
            .value = .{ .number = score.value },
            .reason = .of(score.reason),
            .details = .of(score.details),
        }),
        .not_applicable => |reason| verdict(.{ .kind = 1, .value = .{ .reason = .of(reason) } }),
        .undecided => |reason| verdict(.{ .kind = 2, .value = .{ .reason = .of(reason) } }),
        .invalid_sample => |message| failure(0, message),
        .invalid_params => |message| failure(1, message),
        .internal => |message| failure(2, message),
    };
}

fn verdict(flat: FlatVerdict) *const anyopaque {
    const place = allocator.create(FlatVerdict) catch @trap();
    place.* = flat;
    return place;
}

fn failure(kind: u8, message: []const u8) *const anyopaque {
    const place = allocator.create(FlatResult) catch @trap();
    place.* = .{ .is_error = 1, .kind = kind, .message = .of(message) };
    return place;
}

fn realloc(old: ?[*]u8, old_size: usize, alignment: usize, size: usize) callconv(.c) [*]u8 {
    if (size == 0) return @ptrFromInt(alignment);
    // Aligned for every type of the contract.
    const place = allocator.alignedAlloc(u8, .@"8", size) catch @trap();
    if (old) |bytes| @memcpy(place[0..@min(old_size, size)], bytes[0..@min(old_size, size)]);
    return place.ptr;
}

comptime {
    @export(&describe, .{ .name = "gradebox:grader/descriptor@0.1.0#describe" });
    @export(&grade, .{ .name = "gradebox:grader/pointwise@0.1.0#grade" });
    @export(&realloc, .{ .name = "cabi_realloc" });
}
