//! Errors that Python finds after parsing: `return` outside a function, `await` outside an async one, duplicate
//! parameters, misplaced `global` and `nonlocal`.

use std::cell::RefCell;

use ruff_python_ast::{
    Comprehension, Expr, ModModule, Parameters, Pattern, PythonVersion, Stmt, StmtTry,
    token::TokenKind::{Global, Nonlocal},
    visitor::{self, Visitor},
};
use ruff_python_parser::{
    Parsed,
    semantic_errors::{LazyImportContext, SemanticSyntaxChecker, SemanticSyntaxContext, SemanticSyntaxError},
};
use ruff_text_size::{Ranged, TextRange};

use super::{bindings::Bindings, compiler};
use crate::problem::{Problem, lower_case_start};

/// Walks a module that parsed, and collects what is wrong with it nevertheless.
pub(crate) fn problems(source: &str, parsed: &Parsed<ModModule>, version: PythonVersion) -> Vec<Problem> {
    let declares_names = parsed.tokens().iter().any(|token| matches!(token.kind(), Global | Nonlocal));
    let body = parsed.suite();
    let mut walk = Walk {
        checker: SemanticSyntaxChecker::new(),
        declares_names,
        context: Context {
            source,
            version,
            scopes: vec![Scope::new(Kind::Module, bindings_if(declares_names, || Bindings::of_body(body)))],
            has_future_annotations: false,
            problems: RefCell::default(),
        },
    };
    for statement in body {
        walk.visit_stmt(statement);
    }
    walk.context.problems.into_inner()
}

struct Walk<'a> {
    checker: SemanticSyntaxChecker,
    /// Whether a name is declared `global` or `nonlocal` anywhere: what scopes bind matters to nothing else.
    declares_names: bool,
    context: Context<'a>,
}

struct Context<'a> {
    source: &'a str,
    version: PythonVersion,
    /// The outermost, the module, first; never empty.
    scopes: Vec<Scope<'a>>,
    has_future_annotations: bool,
    problems: RefCell<Vec<Problem>>,
}

struct Scope<'a> {
    kind: Kind,
    bindings: Bindings<'a>,
    loops: usize,
    tries: usize,
    /// The loops around each handler of `except*` that is open.
    star_handlers: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Class,
    Function { is_async: bool },
    Lambda,
    Comprehension { is_async: bool },
    Generator,
}

impl Kind {
    fn is_function(self) -> bool {
        matches!(self, Self::Function { .. } | Self::Lambda)
    }

    fn is_comprehension(self) -> bool {
        matches!(self, Self::Comprehension { .. } | Self::Generator)
    }
}

impl<'a> Scope<'a> {
    fn new(kind: Kind, bindings: Bindings<'a>) -> Self {
        Self { kind, bindings, loops: 0, tries: 0, star_handlers: Vec::new() }
    }
}

fn bindings_if<'a>(needed: bool, make: impl FnOnce() -> Bindings<'a>) -> Bindings<'a> {
    if needed { make() } else { Bindings::default() }
}

impl<'a> Walk<'a> {
    fn bindings(&self, make: impl FnOnce() -> Bindings<'a>) -> Bindings<'a> {
        bindings_if(self.declares_names, make)
    }

    fn within(&mut self, scope: Scope<'a>, visit: impl FnOnce(&mut Self)) {
        self.context.scopes.push(scope);
        visit(self);
        self.context.scopes.pop();
    }

    fn in_loop(&mut self, body: &'a [Stmt]) {
        self.change_scope(|scope| scope.loops += 1);
        self.visit_body(body);
        self.change_scope(|scope| scope.loops -= 1);
    }

    fn change_scope(&mut self, change: impl FnOnce(&mut Scope<'a>)) {
        if let Some(scope) = self.context.scopes.last_mut() {
            change(scope);
        }
    }

    /// Visits what is evaluated outside the function: defaults and annotations.
    fn visit_signature(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
        for parameter in parameters {
            if let Some(annotation) = parameter.annotation() {
                self.visit_annotation(annotation);
            }
        }
    }

    /// The first iterable of a comprehension belongs to the scope around it.
    fn visit_comprehension_parts(&mut self, kind: Kind, generators: &'a [Comprehension], elements: &[&'a Expr]) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.within(Scope::new(kind, Bindings::default()), |walk| {
            for (index, generator) in generators.iter().enumerate() {
                if index > 0 {
                    walk.visit_expr(&generator.iter);
                }
                walk.visit_expr(&generator.target);
                for condition in &generator.ifs {
                    walk.visit_expr(condition);
                }
            }
            for element in elements {
                walk.visit_expr(element);
            }
        });
    }

    /// `except*` may not be left by these.
    fn check_leaving(&self, statement: &Stmt) {
        let Some(scope) = self.context.scopes.last() else { return };
        let leaves = match statement {
            Stmt::Return(_) => !scope.star_handlers.is_empty(),
            Stmt::Break(_) | Stmt::Continue(_) => scope.star_handlers.last() == Some(&scope.loops),
            _ => false,
        };
        if leaves {
            let message = "'break', 'continue' and 'return' cannot appear in an except* block";
            self.context.report(message.to_owned(), statement.range());
        }
    }

    fn visit_try(&mut self, tried: &'a StmtTry) {
        self.change_scope(|scope| scope.tries += 1);
        self.visit_body(&tried.body);
        if tried.is_star {
            self.change_scope(|scope| scope.star_handlers.push(scope.loops));
        }
        tried.handlers.iter().for_each(|handler| self.visit_except_handler(handler));
        if tried.is_star {
            self.change_scope(|scope| scope.star_handlers.truncate(scope.star_handlers.len().saturating_sub(1)));
        }
        self.visit_body(&tried.orelse);
        self.visit_body(&tried.finalbody);
        self.change_scope(|scope| scope.tries -= 1);
    }

    fn check_declarations(&self, statement: &Stmt) {
        let (names, word) = match statement {
            Stmt::Global(global) => (&global.names, "global"),
            Stmt::Nonlocal(nonlocal) => (&nonlocal.names, "nonlocal"),
            _ => return,
        };
        let Some(scope) = self.context.scopes.last() else { return };
        for name in names {
            if let Some(problem) = scope.bindings.conflict(name, word) {
                self.context.report(problem, name.range());
            }
        }
    }
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.checker.visit_stmt(statement, &self.context);
        compiler::check_statement(statement, &mut |message, range| self.context.report(message, range));
        self.check_leaving(statement);
        self.check_declarations(statement);
        match statement {
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(type_params) = &function.type_params {
                    self.visit_type_params(type_params);
                }
                self.visit_signature(&function.parameters);
                if let Some(returns) = &function.returns {
                    self.visit_annotation(returns);
                }
                let bindings = self.bindings(|| Bindings::of_function(&function.parameters, &function.body));
                let kind = Kind::Function { is_async: function.is_async };
                self.within(Scope::new(kind, bindings), |walk| walk.visit_body(&function.body));
            }
            Stmt::ClassDef(class) => {
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(type_params) = &class.type_params {
                    self.visit_type_params(type_params);
                }
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                let bindings = self.bindings(|| Bindings::of_body(&class.body));
                self.within(Scope::new(Kind::Class, bindings), |walk| walk.visit_body(&class.body));
            }
            Stmt::For(looped) => {
                self.visit_expr(&looped.iter);
                self.visit_expr(&looped.target);
                self.in_loop(&looped.body);
                self.visit_body(&looped.orelse);
            }
            Stmt::While(looped) => {
                self.visit_expr(&looped.test);
                self.in_loop(&looped.body);
                self.visit_body(&looped.orelse);
            }
            Stmt::Try(tried) => self.visit_try(tried),
            Stmt::ImportFrom(import) if import.module.as_deref() == Some("__future__") => {
                let names_annotations = import.names.iter().any(|alias| &*alias.name == "annotations");
                self.context.has_future_annotations |= names_annotations;
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.checker.visit_expr(expr, &self.context);
        let Context { source, version, .. } = self.context;
        compiler::check_expression(expr, source, version, &mut |message, range| self.context.report(message, range));
        match expr {
            Expr::Lambda(lambda) => {
                let parameters = lambda.parameters.as_deref();
                if let Some(parameters) = parameters {
                    self.visit_signature(parameters);
                }
                let bindings = self.bindings(|| parameters.map_or_else(Bindings::default, Bindings::of_parameters));
                self.within(Scope::new(Kind::Lambda, bindings), |walk| walk.visit_expr(&lambda.body));
            }
            Expr::ListComp(list) => {
                let kind = Kind::Comprehension { is_async: has_async(&list.generators) };
                self.visit_comprehension_parts(kind, &list.generators, &[&list.elt]);
            }
            Expr::SetComp(set) => {
                let kind = Kind::Comprehension { is_async: has_async(&set.generators) };
                self.visit_comprehension_parts(kind, &set.generators, &[&set.elt]);
            }
            Expr::DictComp(dict) => {
                let kind = Kind::Comprehension { is_async: has_async(&dict.generators) };
                let elements: Vec<&Expr> = dict.key.as_deref().into_iter().chain([&*dict.value]).collect();
                self.visit_comprehension_parts(kind, &dict.generators, &elements);
            }
            Expr::Generator(generator) => {
                self.visit_comprehension_parts(Kind::Generator, &generator.generators, &[&generator.elt]);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        compiler::check_pattern(pattern, &mut |message, range| self.context.report(message, range));
        visitor::walk_pattern(self, pattern);
    }
}

fn has_async(generators: &[Comprehension]) -> bool {
    generators.iter().any(|generator| generator.is_async)
}

impl Context<'_> {
    fn report(&self, message: String, range: TextRange) {
        self.problems.borrow_mut().push(Problem::new(message, range));
    }

    fn kind(&self) -> Kind {
        self.scopes.last().map_or(Kind::Module, |scope| scope.kind)
    }

    /// The innermost scope that is no comprehension.
    fn statement_scope(&self) -> Option<&Scope<'_>> {
        self.scopes.iter().rev().find(|scope| !scope.kind.is_comprehension())
    }
}

impl SemanticSyntaxContext for Context<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        self.has_future_annotations
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        if self.scopes.iter().any(|scope| scope.kind.is_function()) {
            return Some(LazyImportContext::Function);
        }
        if self.scopes.iter().any(|scope| scope.kind == Kind::Class) {
            return Some(LazyImportContext::Class);
        }
        self.scopes.iter().any(|scope| scope.tries > 0).then_some(LazyImportContext::TryExceptBlocks)
    }

    fn python_version(&self) -> PythonVersion {
        self.version
    }

    fn source(&self) -> &str {
        self.source
    }

    fn global(&self, name: &str) -> Option<TextRange> {
        self.statement_scope()?.bindings.global(name)
    }

    fn has_nonlocal_binding(&self, name: &str) -> bool {
        let around = self.scopes.len().saturating_sub(1);
        self.scopes.iter().take(around).any(|scope| match scope.kind {
            // Methods see the cell behind `super()`.
            Kind::Class => name == "__class__",
            kind => kind.is_function() && scope.bindings.is_local(name),
        })
    }

    fn in_async_context(&self) -> bool {
        let is_async = |kind: Kind| matches!(kind, Kind::Function { is_async: true });
        self.statement_scope().is_some_and(|scope| is_async(scope.kind))
    }

    fn in_await_allowed_context(&self) -> bool {
        // A generator that awaits is an asynchronous one, wherever it is made.
        let mut scopes = self.scopes.iter().rev().map(|scope| scope.kind);
        scopes
            .find(|kind| !matches!(kind, Kind::Comprehension { .. }))
            .is_some_and(|kind| kind.is_function() || kind == Kind::Generator)
    }

    fn in_yield_allowed_context(&self) -> bool {
        self.kind().is_function()
    }

    fn in_sync_comprehension(&self) -> bool {
        self.scopes.iter().any(|scope| scope.kind == Kind::Comprehension { is_async: false })
    }

    fn in_class_body_comprehension(&self) -> bool {
        self.statement_scope().is_some_and(|scope| scope.kind == Kind::Class)
    }

    fn in_module_scope(&self) -> bool {
        self.kind() == Kind::Module
    }

    fn in_function_scope(&self) -> bool {
        matches!(self.kind(), Kind::Function { .. })
    }

    fn in_generator_context(&self) -> bool {
        self.kind() == Kind::Generator
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        self.report(lower_case_start(&error.to_string()), error.range());
    }

    fn in_loop_context(&self) -> bool {
        self.scopes.last().is_some_and(|scope| scope.loops > 0)
    }

    fn is_bound_parameter(&self, name: &str) -> bool {
        self.scopes.last().is_some_and(|scope| scope.bindings.is_parameter(name))
    }
}
