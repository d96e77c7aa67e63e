//! Where a component is not of the contract: the first function that differs, the type in it, what the contract has
//! there and what the component has.

use std::sync::LazyLock;

use wasmtime::{
    Engine,
    component::types::{self, Component, ComponentFunc, ComponentInstance, ComponentItem},
};
use wit_parser::{Function, Interface, Resolve, SourceMap, Type, TypeDef, TypeDefKind};

/// The version of the contract that this host serves.
pub(super) const CONTRACT: &str = "0.1.0";

/// What a message about a misfit ends with.
pub(super) const ADVICE: &str = "build it again with the WIT of this release";

const GRADER: &[(&str, &str)] = &[
    ("capabilities.wit", include_str!("../../../wit/grader/capabilities.wit")),
    ("descriptor.wit", include_str!("../../../wit/grader/descriptor.wit")),
    ("listwise.wit", include_str!("../../../wit/grader/listwise.wit")),
    ("pointwise.wit", include_str!("../../../wit/grader/pointwise.wit")),
    ("programs.wit", include_str!("../../../wit/grader/programs.wit")),
    ("types.wit", include_str!("../../../wit/grader/types.wit")),
    ("worlds.wit", include_str!("../../../wit/grader/worlds.wit")),
];

const RUNTIME: &[(&str, &str)] = &[("runtime.wit", include_str!("../../../wit/runtime/runtime.wit"))];

const COMPILING: &[(&str, &str)] = &[("compiling.wit", include_str!("../../../wit/compiling/compiling.wit"))];

/// The contract; empty where it does not parse, which a test rules out.
static INTERFACES: LazyLock<Resolve> = LazyLock::new(|| parse().unwrap_or_default());

fn parse() -> Option<Resolve> {
    let mut resolve = Resolve::default();
    for package in [GRADER, RUNTIME, COMPILING] {
        let mut files = SourceMap::default();
        for (path, text) in package {
            files.push_str(path, *text);
        }
        resolve.push_group(files.parse().ok()?).ok()?;
    }
    Some(resolve)
}

/// The first difference of a component from the contract, in words that go on where its name has been said; `None`
/// where it fits.
pub(super) fn first_difference(engine: &Engine, component: &Component) -> Option<String> {
    let exported = component.exports(engine).find_map(|(name, item)| {
        let (interface, instance) = (interface(name)?, instance(&item.ty)?);
        lacking(engine, name, interface, instance)
    });
    let imported = || {
        component.imports(engine).filter(|(name, _)| name.starts_with("gradebox:")).find_map(|(name, item)| {
            let Some(interface) = interface(name) else {
                return Some(format!("imports `{name}`, which the contract {CONTRACT} does not have"));
            };
            unknown(engine, name, interface, instance(&item.ty)?)
        })
    };
    exported.or_else(imported).map(|difference| format!("{difference}; {ADVICE}"))
}

fn interface(name: &str) -> Option<&'static Interface> {
    let resolve = &*INTERFACES;
    let (_, interface) =
        resolve.interfaces.iter().find(|(id, _)| resolve.id_of(*id).is_some_and(|known| known == name))?;
    Some(interface)
}

fn instance(item: &ComponentItem) -> Option<&ComponentInstance> {
    match item {
        ComponentItem::ComponentInstance(instance) => Some(instance),
        _ => None,
    }
}

/// What an exported interface does not have, or has otherwise.
fn lacking(engine: &Engine, name: &str, interface: &Interface, found: &ComponentInstance) -> Option<String> {
    interface.functions.values().find_map(|function| {
        let Some(item) = found.get_export(engine, &function.name) else {
            let others: Vec<String> = functions(engine, found).map(|(name, _)| format!("`{name}`")).collect();
            let others = if others.is_empty() { "no function".to_owned() } else { others.join(", ") };
            return Some(format!("exports `{name}` without its function `{}`; it has {others}", function.name));
        };
        let ComponentItem::ComponentFunc(found) = item.ty else {
            return Some(format!("exports `{}` of `{name}` as something else than a function", function.name));
        };
        Some(format!("exports `{}` of `{name}` otherwise: {}", function.name, of_functions(function, &found)?))
    })
}

/// What of an imported interface the contract does not have, or has otherwise.
fn unknown(engine: &Engine, name: &str, interface: &Interface, found: &ComponentInstance) -> Option<String> {
    functions(engine, found).find_map(|(function, found)| match interface.functions.get(&function) {
        None => {
            Some(format!("imports the function `{function}` of `{name}`, which the contract {CONTRACT} does not have"))
        }
        Some(expected) => {
            Some(format!("imports `{function}` of `{name}` otherwise: {}", of_functions(expected, &found)?))
        }
    })
}

fn functions(engine: &Engine, instance: &ComponentInstance) -> impl Iterator<Item = (String, ComponentFunc)> {
    let items = instance.exports(engine).filter_map(|(name, item)| match item.ty {
        ComponentItem::ComponentFunc(function) => Some((name.to_owned(), function)),
        _ => None,
    });
    items.collect::<Vec<_>>().into_iter()
}

fn of_functions(expected: &Function, found: &ComponentFunc) -> Option<String> {
    if found.async_() {
        return Some("expected a synchronous function, found an asynchronous one".to_owned());
    }
    let parameters: Vec<types::Type> = found.params().map(|(_, parameter)| parameter).collect();
    let pairs = expected.params.iter().zip(&parameters);
    let of_parameters = pairs.filter_map(|(parameter, found)| {
        let difference = of_types(&parameter.ty, found)?;
        Some(format!("parameter `{}`: {difference}", parameter.name))
    });
    if let Some(difference) = of_parameters.into_iter().next() {
        return Some(difference);
    }
    if expected.params.len() != parameters.len() {
        return Some(format!("expected {} parameters, found {}", expected.params.len(), parameters.len()));
    }
    match (&expected.result, found.results().next()) {
        (None, None) => None,
        (None, Some(found)) => Some(format!("expected no result, found {}", shown(&found))),
        (Some(expected), None) => Some(format!("expected the result {}, found none", wanted(expected))),
        (Some(expected), Some(found)) => Some(format!("result: {}", of_types(expected, &found)?)),
    }
}

/// The difference of two types, after the way to it.
fn of_types(expected: &Type, found: &types::Type) -> Option<String> {
    let Type::Id(id) = expected else {
        let (expected, found) = (wanted(expected), shown(found));
        return (expected != found).then(|| format!("expected {expected}, found {found}"));
    };
    let definition = INTERFACES.types.get(*id)?;
    let differs = || Some(format!("expected {}, found {}", wanted(expected), shown(found)));
    let inside =
        |place: &str, expected: &Type, found: &types::Type| Some(format!("{place}: {}", of_types(expected, found)?));
    match (&definition.kind, found) {
        (TypeDefKind::Type(alias), _) => of_types(alias, found),
        (TypeDefKind::Handle(_), types::Type::Own(_) | types::Type::Borrow(_)) => None,
        (TypeDefKind::List(element), types::Type::List(list)) => inside("element", element, &list.ty()),
        (TypeDefKind::Option(some), types::Type::Option(option)) => inside("some", some, &option.ty()),
        (TypeDefKind::Tuple(tuple), types::Type::Tuple(other)) if tuple.types.len() == other.types().len() => {
            let pairs = (1..).zip(tuple.types.iter().zip(other.types()));
            pairs.into_iter().find_map(|(at, (expected, found))| inside(&format!("part {at}"), expected, &found))
        }
        (TypeDefKind::Result(result), types::Type::Result(other)) => {
            let sides = [("ok", &result.ok, other.ok()), ("error", &result.err, other.err())];
            sides.into_iter().find_map(|(side, expected, found)| of_payloads(side, expected.as_ref(), found.as_ref()))
        }
        (TypeDefKind::Record(record), types::Type::Record(other)) => {
            let expected: Vec<(&str, Option<&Type>)> =
                record.fields.iter().map(|field| (field.name.as_str(), Some(&field.ty))).collect();
            let found: Vec<(String, Option<types::Type>)> =
                other.fields().map(|field| (field.name.to_owned(), Some(field.ty))).collect();
            of_members(definition, "field", &expected, &found)
        }
        (TypeDefKind::Variant(variant), types::Type::Variant(other)) => {
            let expected: Vec<(&str, Option<&Type>)> =
                variant.cases.iter().map(|case| (case.name.as_str(), case.ty.as_ref())).collect();
            let found: Vec<(String, Option<types::Type>)> =
                other.cases().map(|case| (case.name.to_owned(), case.ty)).collect();
            of_members(definition, "case", &expected, &found)
        }
        (TypeDefKind::Enum(cases), types::Type::Enum(other)) => {
            let expected: Vec<(&str, Option<&Type>)> =
                cases.cases.iter().map(|case| (case.name.as_str(), None)).collect();
            let found: Vec<(String, Option<types::Type>)> = other.names().map(|name| (name.to_owned(), None)).collect();
            of_members(definition, "case", &expected, &found)
        }
        _ => differs(),
    }
}

/// The first field or case that differs, by name or by type.
fn of_members(
    of: &TypeDef,
    member: &str,
    expected: &[(&str, Option<&Type>)],
    found: &[(String, Option<types::Type>)],
) -> Option<String> {
    let name = of.name.as_deref().unwrap_or_default();
    let differs = |(name_of_expected, expected): &(&str, Option<&Type>), (name_of_found, found): &(String, _)| {
        if name_of_expected != name_of_found {
            return Some(format!("{member}: expected `{name_of_expected}`, found `{name_of_found}`"));
        }
        of_payloads(&format!("{member} `{name_of_expected}`"), *expected, Option::as_ref(found))
    };
    let first = expected.iter().zip(found).find_map(|(expected, found)| differs(expected, found));
    let first = first.or_else(|| match (expected.get(found.len()), found.get(expected.len())) {
        (Some((missing, _)), _) => Some(format!("{member}: expected `{missing}`, found none")),
        (None, Some((extra, _))) => Some(format!("{member}: expected none, found `{extra}`")),
        (None, None) => None,
    });
    Some(format!("{} `{name}`, {}", of.kind.as_str(), first?))
}

fn of_payloads(place: &str, expected: Option<&Type>, found: Option<&types::Type>) -> Option<String> {
    let difference = match (expected, found) {
        (None, None) => return None,
        (Some(expected), Some(found)) => of_types(expected, found)?,
        (Some(expected), None) => format!("expected {}, found nothing", wanted(expected)),
        (None, Some(found)) => format!("expected nothing, found {}", shown(found)),
    };
    Some(format!("{place}: {difference}"))
}

/// A type of the contract, in the words of WIT.
fn wanted(expected: &Type) -> String {
    let word = match expected {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
        Type::Id(id) => {
            let Some(definition) = INTERFACES.types.get(*id) else { return String::new() };
            return match (&definition.kind, &definition.name) {
                (TypeDefKind::Type(alias), _) => wanted(alias),
                (kind, Some(name)) => format!("{} `{name}`", kind.as_str()),
                (TypeDefKind::List(element), None) => format!("list<{}>", wanted(element)),
                (TypeDefKind::Option(some), None) => format!("option<{}>", wanted(some)),
                (kind, None) => kind.as_str().to_owned(),
            };
        }
    };
    word.to_owned()
}

/// A type of a component, in the words of WIT; it has no names for records and the like.
fn shown(found: &types::Type) -> String {
    let word = match found {
        types::Type::Bool => "bool",
        types::Type::U8 => "u8",
        types::Type::U16 => "u16",
        types::Type::U32 => "u32",
        types::Type::U64 => "u64",
        types::Type::S8 => "s8",
        types::Type::S16 => "s16",
        types::Type::S32 => "s32",
        types::Type::S64 => "s64",
        types::Type::Float32 => "f32",
        types::Type::Float64 => "f64",
        types::Type::Char => "char",
        types::Type::String => "string",
        types::Type::ErrorContext => "error-context",
        types::Type::List(list) => return format!("list<{}>", shown(&list.ty())),
        types::Type::Option(option) => return format!("option<{}>", shown(&option.ty())),
        types::Type::Map(_) => "map",
        types::Type::Record(_) => "a record",
        types::Type::Tuple(_) => "a tuple",
        types::Type::Variant(_) => "a variant",
        types::Type::Enum(_) => "an enum",
        types::Type::Result(_) => "a result",
        types::Type::Flags(_) => "flags",
        types::Type::Own(_) | types::Type::Borrow(_) => "a resource",
        types::Type::Future(_) => "a future",
        types::Type::Stream(_) => "a stream",
        types::Type::FixedLengthList(_) => "a list of fixed length",
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_at_hand() {
        let names = ["grader/pointwise", "grader/programs", "runtime/interpreter", "compiling/compiler"];
        for name in names.map(|name| format!("gradebox:{name}")) {
            let interface = interface(&format!("{name}@{CONTRACT}")).unwrap();
            assert!(!interface.functions.is_empty(), "{name}");
        }
        assert!(interface("gradebox:grader/pointwise@9.9.9").is_none());
    }
}
