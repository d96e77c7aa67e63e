//! What `CPython`'s compiler refuses in a tree, and the parser's own checker lets through.

use ruff_python_ast::{
    ExceptHandler, Expr, ExprContext, FStringPart, InterpolatedStringElement, Keyword, Number, Pattern, PythonVersion,
    Stmt,
};
use ruff_text_size::{Ranged, TextRange};

/// Takes a message and the range that it is about.
pub(crate) type Report<'a> = dyn FnMut(String, TextRange) + 'a;

const STARRED: &str = "can't use starred expression here";
const DEBUG: &str = "__debug__";

/// Decimal digits of an integer literal that Python 3.11 and later read. Source: `sys.int_info`.
const MOST_DIGITS: usize = 4300;

/// Looks at one statement, not into those within it.
pub(crate) fn check_statement(statement: &Stmt, report: &mut Report<'_>) {
    match statement {
        Stmt::Expr(alone) if alone.value.is_starred_expr() => report(STARRED.to_owned(), alone.range()),
        Stmt::AnnAssign(annotated) => {
            if let Some(value) = annotated.value.as_deref().filter(|value| value.is_starred_expr()) {
                report(STARRED.to_owned(), value.range());
            }
        }
        Stmt::AugAssign(changed) if changed.value.is_starred_expr() => {
            report(STARRED.to_owned(), changed.value.range());
        }
        Stmt::Try(tried) => {
            let (_, before) = tried.handlers.split_last().unzip();
            for ExceptHandler::ExceptHandler(handler) in before.unwrap_or_default() {
                if handler.type_.is_none() {
                    report("default 'except:' must be last".to_owned(), handler.range());
                }
            }
        }
        Stmt::With(with) => {
            for target in with.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                if target.is_starred_expr() {
                    report("starred assignment target must be in a list or tuple".to_owned(), target.range());
                }
            }
        }
        Stmt::ClassDef(class) => check_keywords(class.keywords(), report),
        _ => {}
    }
}

/// Looks at one expression, not into those within it; `source` is the whole code.
pub(crate) fn check_expression(expr: &Expr, source: &str, version: PythonVersion, report: &mut Report<'_>) {
    match expr {
        Expr::Attribute(attribute) if &*attribute.attr == DEBUG => match attribute.ctx {
            ExprContext::Store => report(format!("cannot assign to {DEBUG}"), attribute.attr.range()),
            ExprContext::Del => report(format!("cannot delete {DEBUG}"), attribute.attr.range()),
            _ => {}
        },
        Expr::Call(call) => check_keywords(&call.arguments.keywords, report),
        Expr::FString(string) => {
            for part in &string.value {
                if let FStringPart::FString(literal) = part {
                    check_interpolations(&literal.elements, 1, version, report);
                }
            }
        }
        Expr::TString(string) => {
            for literal in &string.value {
                check_interpolations(&literal.elements, 1, version, report);
            }
        }
        Expr::NumberLiteral(number) if matches!(number.value, Number::Int(_)) && version >= PythonVersion::PY311 => {
            let digits = source.get(number.start().to_usize()..number.end().to_usize()).unwrap_or_default();
            let is_decimal = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
            if is_decimal && digits.bytes().filter(u8::is_ascii_digit).count() > MOST_DIGITS {
                report(format!("an integer literal has at most {MOST_DIGITS} digits"), number.range());
            }
        }
        _ => {}
    }
}

/// Looks at one pattern, not into those within it.
pub(crate) fn check_pattern(pattern: &Pattern, report: &mut Report<'_>) {
    match pattern {
        Pattern::MatchValue(value) if matches!(&*value.value, Expr::FString(_) | Expr::TString(_)) => {
            report("patterns may only match literals and attribute lookups".to_owned(), value.range());
        }
        Pattern::MatchOr(alternatives) => {
            let (_, before) = alternatives.patterns.split_last().unzip();
            for wildcard in before.unwrap_or_default().iter().filter(|pattern| is_wildcard(pattern)) {
                report("wildcard makes remaining patterns unreachable".to_owned(), wildcard.range());
            }
        }
        _ => {}
    }
}

fn is_wildcard(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::MatchAs(captured) if captured.pattern.is_none() && captured.name.is_none())
}

fn check_keywords(keywords: &[Keyword], report: &mut Report<'_>) {
    for name in keywords.iter().filter_map(|keyword| keyword.arg.as_ref()).filter(|name| name.as_str() == DEBUG) {
        report(format!("cannot assign to {DEBUG}"), name.range());
    }
}

/// Looks at the fields of a string and at those in their format specifications, `depth` levels deep.
fn check_interpolations<'a>(
    elements: impl IntoIterator<Item = &'a InterpolatedStringElement>,
    depth: usize,
    version: PythonVersion,
    report: &mut Report<'_>,
) {
    let deepest = if version >= PythonVersion::PY312 { 3 } else { 2 };
    for field in elements.into_iter().filter_map(InterpolatedStringElement::as_interpolation) {
        if field.expression.is_starred_expr() {
            report(STARRED.to_owned(), field.expression.range());
        }
        if depth > deepest {
            report("f-string: expressions nested too deeply".to_owned(), field.range());
        } else if let Some(format) = &field.format_spec {
            check_interpolations(&format.elements, depth + 1, version, report);
        }
    }
}
