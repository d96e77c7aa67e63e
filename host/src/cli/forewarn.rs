//! What can be said before the first row of what will go wrong: with columns, capabilities and endpoints.

use super::{
    assemble::Assembly,
    components::Components,
    console,
    environment::Environment,
    plan::{self, Plan, What},
    reach::{Reach, reach},
};
use crate::dataset::{Dataset, DatasetError, Parts, Row, nearest_names};

/// Rows that are looked at to tell whether a grader has what it needs.
const LOOKED_AT: usize = 20;

/// Says beforehand what will keep graders from grading.
pub(super) fn of_dataset(
    plan: &Plan,
    assembly: &Assembly,
    dataset: &Dataset,
    parts: &Parts,
) -> Result<(), DatasetError> {
    let rows = dataset.rows()?.take(LOOKED_AT).collect::<Result<Vec<Row>, _>>()?;
    let samples: Vec<_> = rows.iter().filter_map(|row| parts.sample(row).ok()).collect();
    of_unread_fields(plan, assembly);
    of_lacking_responses(plan, dataset, parts);
    for (grader, needs) in plan.graders.iter().zip(&assembly.needs) {
        let concerned = samples.iter().filter(|sample| grader.when.mismatch(&sample.columns).is_none());
        let missing: Option<Vec<_>> = concerned.map(|sample| needs.collect(sample, &grader.map).err()).collect();
        if let Some(first) = missing.and_then(|missing| missing.into_iter().next()) {
            let columns = dataset.columns().collect::<Vec<_>>().join(", ");
            console::say(&format!(
                "warning: `{}` has nothing to go by: {first}; the dataset's columns are {columns}; --map FIELD=COLUMN \
                 maps one",
                grader.name
            ));
        }
    }
    Ok(())
}

/// Says which mapped fields nobody reads: mostly a name with a mistake, and its column is then read by nobody either.
fn of_unread_fields(plan: &Plan, assembly: &Assembly) {
    let needs = assembly.needs.iter().flat_map(|needs| needs.required.iter().flatten().chain(&needs.optional));
    let known: Vec<&str> = needs.flat_map(|entry| entry.split('+')).chain(Parts::FIELDS.iter().copied()).collect();
    for (field, column) in plan.map().iter().filter(|(field, _)| !known.contains(field)) {
        let near = nearest_names(field, known.iter().copied());
        let advice = match near.first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the rows have {}", Parts::FIELDS.join(", ")),
        };
        console::say(&format!(
            "warning: no grader reads the field `{field}`, to which the column `{column}` is mapped; {advice}"
        ));
    }
}

/// Says that there is nothing to grade, which is a mistake only where nothing is written.
fn of_lacking_responses(plan: &Plan, dataset: &Dataset, parts: &Parts) {
    if plan.refine.is_none() && plan.regrade.is_none() && parts.lack_responses() {
        console::say(&format!(
            "warning: there is no response to grade; `--map response=COLUMN` names the column that holds them, of {}",
            dataset.columns().collect::<Vec<_>>().join(", ")
        ));
    }
}

/// Says that nobody listens at an endpoint, before the first call has waited through all its attempts. With a proxy
/// there is no telling.
pub(super) fn of_endpoints(plan: &Plan, environment: &Environment) {
    let proxies = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    if proxies.iter().any(|name| environment.variable(name).is_some()) {
        return;
    }
    for (name, model) in &plan.models {
        let several = model.endpoints.iter().map(|endpoint| endpoint.base_url.as_str());
        let urls: Vec<&str> = if model.endpoints.is_empty() { vec![&model.base_url.value] } else { several.collect() };
        for url in urls.iter().filter(|url| reach(url) == Reach::Closed) {
            let lack = if urls.len() == 1 { "rows that need the model will have errors" } else { "others are asked" };
            console::say(&format!(
                "warning: nobody listens at {} ({}), where the model `{name}` shall be; start the server, or correct \
                 the address; {lack}",
                plan::shown(url),
                model.base_url.origin
            ));
        }
    }
}

pub(super) fn of_capabilities(plan: &Plan, components: &Components) {
    for grader in plan.graders_and_opinions() {
        let What::Component { name, grants, .. } = &grader.what else { continue };
        let Some(entry) = components.catalog.find(name) else { continue };
        let denied = [
            ("programs", !grants.programs.value, "programs = true"),
            ("models", grants.models.is_empty(), "roles = { ROLE = \"MODEL\" }"),
        ];
        for (capability, _, line) in denied.into_iter().filter(|(name, denied, _)| *denied && entry.imports(name)) {
            console::say(&format!(
                "warning: `{name}` can use the capability `{capability}`, which it is not granted; where it does, the \
                 grade ends with capability-denied; `{line}` in [graders.{}] grants it",
                grader.name
            ));
        }
        let runs_programs = entry.imports("programs");
        if runs_programs && components.catalog.languages().is_empty() {
            console::say(&format!(
                "warning: `{name}` runs programs, and there is no language runtime; `make graders` builds them"
            ));
        }
    }
}
