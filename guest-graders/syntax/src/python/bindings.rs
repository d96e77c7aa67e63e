//! The names that one scope binds, uses and declares.

use ruff_python_ast::{
    Alias, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt,
    visitor::{self, Visitor},
};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};

/// What a scope does with names, the scopes within it left out.
#[derive(Default)]
pub(crate) struct Bindings<'a> {
    parameters: FxHashSet<&'a str>,
    bound: FxHashSet<&'a str>,
    globals: FxHashMap<&'a str, TextRange>,
    nonlocals: FxHashMap<&'a str, TextRange>,
    annotated: FxHashSet<&'a str>,
    /// Where each name is first read or written by itself.
    first_use: FxHashMap<&'a str, TextSize>,
    /// Where each name is first bound by a definition, a pattern or a handler.
    first_definition: FxHashMap<&'a str, TextSize>,
    /// Where a function first reads `super`, which uses `__class__` there and nowhere else.
    first_super: Option<TextSize>,
}

impl<'a> Bindings<'a> {
    /// Of a module or a class.
    pub(crate) fn of_body(body: &'a [Stmt]) -> Self {
        Self { first_super: None, ..Self::of_statements(body) }
    }

    pub(crate) fn of_function(parameters: &'a Parameters, body: &'a [Stmt]) -> Self {
        Self { parameters: names(parameters), ..Self::of_statements(body) }
    }

    fn of_statements(body: &'a [Stmt]) -> Self {
        let mut collector = Collector::default();
        collector.visit_body(body);
        collector.bindings
    }

    /// Of a lambda.
    pub(crate) fn of_parameters(parameters: &'a Parameters) -> Self {
        Self { parameters: names(parameters), ..Self::default() }
    }

    pub(crate) fn is_parameter(&self, name: &str) -> bool {
        self.parameters.contains(name)
    }

    /// Where the scope declares the name global.
    pub(crate) fn global(&self, name: &str) -> Option<TextRange> {
        self.globals.get(name).copied()
    }

    /// Whether the name belongs to this scope, so that an inner one can declare it nonlocal.
    pub(crate) fn is_local(&self, name: &str) -> bool {
        self.is_parameter(name)
            || self.nonlocals.contains_key(name)
            || (self.bound.contains(name) && !self.globals.contains_key(name))
    }

    /// What is wrong with declaring `name` here as `word`, `global` or `nonlocal`, beyond what the parser's own
    /// checker reports.
    pub(crate) fn conflict(&self, name: &str, word: &str) -> Option<String> {
        if self.globals.contains_key(name) && self.nonlocals.contains_key(name) {
            return Some(format!("name '{name}' is nonlocal and global"));
        }
        if self.annotated.contains(name) {
            return Some(format!("annotated name '{name}' can't be {word}"));
        }
        let declared = self.globals.get(name).or_else(|| self.nonlocals.get(name))?.start();
        let is_before = |first: Option<&TextSize>| first.is_some_and(|first| *first < declared);
        if is_before(self.first_definition.get(name)) {
            return Some(format!("name '{name}' is assigned to before {word} declaration"));
        }
        let is_used = is_before(self.first_use.get(name));
        if is_used && word == "global" {
            // The parser's own checker says so.
            return None;
        }
        let is_used = is_used || (name == "__class__" && is_before(self.first_super.as_ref()));
        is_used.then(|| format!("name '{name}' is used prior to {word} declaration"))
    }
}

fn names(parameters: &Parameters) -> FxHashSet<&str> {
    parameters.iter().map(|parameter| parameter.name().as_str()).collect()
}

#[derive(Default)]
struct Collector<'a> {
    bindings: Bindings<'a>,
    /// Inside a comprehension only assignment expressions reach this scope.
    comprehensions: usize,
}

impl<'a> Collector<'a> {
    fn define(&mut self, name: &'a str, at: TextSize) {
        self.bindings.bound.insert(name);
        self.bindings.first_definition.entry(name).or_insert(at);
    }

    fn signature(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
    }

    fn in_comprehension(&mut self, expr: &'a Expr) {
        self.comprehensions += 1;
        visitor::walk_expr(self, expr);
        self.comprehensions -= 1;
    }
}

impl<'a> Visitor<'a> for Collector<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.define(&function.name, function.name.start());
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.signature(&function.parameters);
            }
            Stmt::ClassDef(class) => {
                self.define(&class.name, class.name.start());
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
            }
            Stmt::Global(global) => {
                for name in &global.names {
                    self.bindings.globals.entry(name).or_insert(global.range);
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    self.bindings.nonlocals.entry(name).or_insert(nonlocal.range);
                }
            }
            Stmt::AnnAssign(annotated) => {
                if let Expr::Name(name) = &*annotated.target {
                    self.bindings.annotated.insert(&name.id);
                }
                visitor::walk_stmt(self, statement);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if self.comprehensions == 0 => {
                self.bindings.first_use.entry(&name.id).or_insert(name.start());
                if matches!(name.ctx, ExprContext::Store | ExprContext::Del) {
                    self.bindings.bound.insert(&name.id);
                } else if name.id == "super" {
                    self.bindings.first_super.get_or_insert(name.start());
                }
            }
            Expr::Named(named) => {
                if let Expr::Name(name) = &*named.target {
                    self.bindings.first_use.entry(&name.id).or_insert(name.start());
                    self.bindings.bound.insert(&name.id);
                }
                self.visit_expr(&named.value);
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.signature(parameters);
                }
            }
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.in_comprehension(expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_alias(&mut self, alias: &'a Alias) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        // Python lets a name be declared global behind its import.
        self.bindings.bound.insert(name.split('.').next().unwrap_or(name));
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(named) = handler;
        if let Some(name) = &named.name {
            self.define(name, name.start());
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(captured) => captured.name.as_ref(),
            Pattern::MatchStar(rest) => rest.name.as_ref(),
            Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.define(name, name.start());
        }
        visitor::walk_pattern(self, pattern);
    }
}
