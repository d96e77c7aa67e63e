//! The names that Python code gives, from its syntax tree: not those that it only uses or that others prescribe.
//!
//! Left out are imports, keywords of calls, attributes (`self.x`, and those in the body of a class), names declared
//! global, `self` and `cls`, names of underscores alone, and methods of a class with a base, which may have to be
//! called so (`setUp`, `visit_Name`).

use std::collections::HashSet;

use ruff_python_ast::{
    ExceptHandler, Expr, ExprContext, Identifier, Operator, Parameters, Pattern, Stmt, StmtClassDef, StmtFunctionDef,
    visitor::{self, Visitor},
};
use ruff_text_size::{Ranged, TextRange};

use crate::convention::Kind;

/// A name, and where it is first given.
pub(crate) struct Name<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
    pub(crate) range: TextRange,
}

/// The names that a module gives, each once for each kind, in the order of the code.
pub(crate) fn given(body: &[Stmt]) -> Vec<Name<'_>> {
    let mut walk = Walk { scopes: vec![Scope::default()], seen: HashSet::new(), names: Vec::new() };
    walk.visit_body(body);
    walk.names
}

struct Walk<'a> {
    /// Never empty.
    scopes: Vec<Scope<'a>>,
    seen: HashSet<(&'a str, Kind)>,
    names: Vec<Name<'a>>,
}

#[derive(Default)]
struct Scope<'a> {
    place: Place,
    globals: HashSet<&'a str>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Module,
    Class {
        has_base: bool,
    },
    Function,
}

impl<'a> Walk<'a> {
    fn place(&self) -> Place {
        self.scopes.last().map(|scope| scope.place).unwrap_or_default()
    }

    fn within(&mut self, place: Place, body: &'a [Stmt]) {
        self.scopes.push(Scope { place, globals: HashSet::new() });
        self.visit_body(body);
        self.scopes.pop();
    }

    fn add(&mut self, text: &'a str, kind: Kind, range: TextRange) {
        if !text.trim_matches('_').is_empty() && self.seen.insert((text, kind)) {
            self.names.push(Name { text, kind, range });
        }
    }

    fn add_variable(&mut self, text: &'a str, is_type: bool, range: TextRange) {
        let is_global = self.scopes.last().is_some_and(|scope| scope.globals.contains(text));
        let kind = match self.place() {
            Place::Class { .. } => return,
            _ if is_type => Kind::TypeVariable,
            Place::Module => Kind::ModuleVariable,
            Place::Function => Kind::Variable,
        };
        if !is_global {
            self.add(text, kind, range);
        }
    }

    fn add_captured(&mut self, name: Option<&'a Identifier>) {
        if let Some(name) = name {
            self.add_variable(name.as_str(), false, name.range());
        }
    }

    fn add_parameters(&mut self, parameters: &'a Parameters, is_method: bool) {
        for (at, parameter) in parameters.iter().enumerate() {
            let name = parameter.name();
            if !(is_method && at == 0 && ["self", "cls", "mcs"].contains(&name.as_str())) {
                self.add(name.as_str(), Kind::Parameter, name.range());
            }
        }
    }

    fn visit_function(&mut self, function: &'a StmtFunctionDef) {
        let place = self.place();
        let may_be_prescribed = place == Place::Class { has_base: true } && !Kind::Function.allows(&function.name);
        if !may_be_prescribed {
            self.add(function.name.as_str(), Kind::Function, function.name.range());
        }
        self.add_parameters(&function.parameters, matches!(place, Place::Class { .. }));
        function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
        for default in function.parameters.iter_non_variadic_params().filter_map(|parameter| parameter.default()) {
            self.visit_expr(default);
        }
        self.within(Place::Function, &function.body);
    }

    fn visit_class(&mut self, class: &'a StmtClassDef) {
        self.add(class.name.as_str(), Kind::Class, class.name.range());
        class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
        let is_base = |base: &Expr| !matches!(base, Expr::Name(name) if &*name.id == "object");
        self.within(Place::Class { has_base: class.bases().iter().any(is_base) }, &class.body);
    }

    /// Targets that are names, when the value is a type; whether they were.
    fn visit_type(&mut self, targets: &'a [Expr], value: &'a Expr) -> bool {
        let names: Option<Vec<_>> = targets.iter().map(Expr::as_name_expr).collect();
        let Some(names) = names.filter(|names| names.iter().all(|name| is_type(value, &name.id))) else {
            return false;
        };
        for name in names {
            self.add_variable(name.id.as_str(), true, name.range());
        }
        true
    }
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.visit_function(function),
            Stmt::ClassDef(class) => self.visit_class(class),
            Stmt::Global(global) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.globals.extend(global.names.iter().map(Identifier::as_str));
                }
            }
            Stmt::Assign(assigned) if self.visit_type(&assigned.targets, &assigned.value) => {}
            Stmt::AnnAssign(annotated) if names_type_alias(&annotated.annotation) => {
                if let Expr::Name(name) = &*annotated.target {
                    self.add_variable(name.id.as_str(), true, name.range());
                }
            }
            // Changes a name that was given before.
            Stmt::AugAssign(changed) => self.visit_expr(&changed.value),
            Stmt::TypeAlias(alias) => {
                if let Expr::Name(name) = &*alias.name {
                    self.add(name.id.as_str(), Kind::Class, name.range());
                }
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Store => {
                self.add_variable(name.id.as_str(), false, name.range());
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.add_parameters(parameters, false);
                }
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(caught) = handler;
        self.add_captured(caught.name.as_ref());
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.add_captured(match pattern {
            Pattern::MatchAs(captured) => captured.name.as_ref(),
            Pattern::MatchStar(rest) => rest.name.as_ref(),
            Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
            _ => None,
        });
        visitor::walk_pattern(self, pattern);
    }
}

/// Functions that make types.
const TYPE_MAKERS: [&str; 12] = [
    "namedtuple",
    "NamedTuple",
    "TypedDict",
    "NewType",
    "TypeVar",
    "TypeVarTuple",
    "ParamSpec",
    "Enum",
    "IntEnum",
    "Flag",
    "type",
    "make_dataclass",
];

/// Whether a value is a type: made by a function that makes types or is told the name, `list[int]`, `int | str`, or
/// the name of a class.
fn is_type(value: &Expr, name: &str) -> bool {
    match value {
        Expr::Call(call) => {
            let is_told = |first: &Expr| matches!(first, Expr::StringLiteral(text) if text.value.to_str() == name);
            last_name(&call.func).is_some_and(|maker| TYPE_MAKERS.contains(&maker))
                || call.arguments.args.first().is_some_and(is_told)
        }
        Expr::Subscript(subscript) => last_name(&subscript.value).is_some_and(|generic| {
            Kind::Class.allows(generic) || ["list", "dict", "set", "tuple", "frozenset", "type"].contains(&generic)
        }),
        Expr::BinOp(union) => union.op == Operator::BitOr,
        Expr::Name(_) | Expr::Attribute(_) => last_name(value).is_some_and(|name| Kind::Class.allows(name)),
        _ => false,
    }
}

fn names_type_alias(annotation: &Expr) -> bool {
    last_name(annotation) == Some("TypeAlias")
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}
