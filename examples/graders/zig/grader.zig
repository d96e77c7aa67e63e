//! Is the response short enough?

const std = @import("std");
const gradebox = @import("gradebox.zig");

comptime {
    _ = gradebox;
}

pub const description: gradebox.Description = .{
    .name = "word-limit",
    .summary = "Scores responses by how far they keep to a limit of words.",
    .params_schema =
    \\{"type": "object", "additionalProperties": false, "properties": {"words": {"type": "integer", "default": 100}}}
    ,
    .examples =
    \\[{"sample": {"response": "short"}, "verdict": {"outcome": "scored", "value": 1}},
    \\ {"sample": {"response": "one two"}, "params": {"words": 1}, "verdict": {"outcome": "scored", "value": 0.5}},
    \\ {"sample": {"response": " "}, "verdict": {"outcome": "not-applicable"}},
    \\ {"sample": {"response": "short"}, "params": {"words": 0}, "verdict": {"outcome": "error", "kind": "invalid-params"}}]
    ,
};

const Params = struct { words: u32 = 100 };

pub fn grade(sample: *const gradebox.Sample, text: []const u8) gradebox.Verdict {
    const params = gradebox.readParams(Params, text) catch |problem|
        return .{ .invalid_params = gradebox.format("parameters {s}: {t}", .{ text, problem }) };
    if (params.words < 1) return .{ .invalid_params = "parameter `words`: must be above 0" };

    var words: usize = 0;
    var rest = std.mem.tokenizeAny(u8, sample.response, &std.ascii.whitespace);
    while (rest.next()) |_| words += 1;

    if (words == 0) return .{ .not_applicable = "there is no word in the response" };
    if (words <= params.words) {
        return .{ .scored = .{ .value = 1, .reason = gradebox.format("{d} words, at most {d}", .{ words, params.words }) } };
    }
    return .{ .scored = .{
        .value = @as(f64, @floatFromInt(params.words)) / @as(f64, @floatFromInt(words)),
        .reason = gradebox.format("{d} words; leave out {d} to keep to {d}", .{ words, words - params.words, params.words }),
        .details = gradebox.format("{{\"words\": {d}}}", .{words}),
    } };
}
